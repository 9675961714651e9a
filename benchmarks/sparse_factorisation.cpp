// Row 15: sparse factorisation, 100,000 x 100,000 with 1e6 seen, factors of 16 under Normal(0, 1)
// priors, one SVI step (AutoNormal, Adam), beside the hand-written one: a loop over the seen pairs,
// guide and Adam. The peak memory of each is taken in a process of its own.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/core/special.hpp>
#include <ember/ember.hpp>

#include "common/agreement.hpp"
#include "common/row.hpp"
#include "common/svi_row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kSide = 100'000, kSeen = 1'000'000, kRank = 16;
constexpr std::size_t kNumbers = kSide * kRank;  // of a factor

struct Pairs {
  std::vector<Index> rows, columns;
  std::vector<Real> values;
  Pairs() : rows(kSeen), columns(kSeen), values(kSeen) {
    detail::ElementEngine engine(detail::RandomKey{7}, 0);
    for (std::size_t i = 0; i < kSeen; ++i) {
      rows[i] = static_cast<Index>(i) / (kSeen / kSide);
      // one column of each tenth: no pair twice
      const auto tenth = static_cast<Index>(i) % (kSeen / kSide);
      columns[i] = (tenth * kSide + static_cast<Index>(engine.uniform() * kSide)) / (kSeen / kSide);
      values[i] = static_cast<Real>(4 * engine.uniform() - 2);
    }
  }
};

struct Data {
  Tensor y;
  Mask seen;
  explicit Data(const Pairs& p)
      : y(sparse_tensor({kSide, kSide}, {p.rows, p.columns}, tensor_of(p.values, {kSeen}))),
        seen(mask_at({kSide, kSide}, {p.rows, p.columns})) {}
};

void model(const Data& d) {
  const Tensor u = sample("u", dist::Normal(0, 1).expand({kSide, kRank}).to_event(2));
  const Tensor v = sample("v", dist::Normal(0, 1).expand({kSide, kRank}).to_event(2));
  sample("y", dist::Normal(matmul(u, transpose(v)), 1).mask(d.seen), {.obs = d.y});
}

class HandWritten {
 public:
  std::vector<Real>& parameters() { return u_; }

  // Both factors one after the other: locations, logarithms of scales.
  double step() {
    const std::size_t n = 2 * kNumbers;
    const Tensor drawn[] = {detail::standard_normal(detail::next_key("u"), {kSide, kRank}),
                            detail::standard_normal(detail::next_key("v"), {kSide, kRank})};
    ++t_;
    double loss = 0;
    for (std::size_t factor : {0, 1}) {
      const std::size_t begin = factor * kNumbers;
      const Real* eps = drawn[factor].data().data();
      const Real* loc = u_.data() + begin;
      const Real* log_scale = loc + n;
      Real* z = z_.data() + begin;
      Real* g = g_.data() + begin;
#pragma omp simd reduction(+ : loss)
      for (std::size_t i = 0; i < kNumbers; ++i) {
        z[i] = static_cast<Real>(loc[i] + special::exp(log_scale[i]) * eps[i]);
        g[i] = z[i];
        loss += 0.5 * z[i] * z[i] - 0.5 * eps[i] * eps[i] - log_scale[i];
      }
    }
    const double half_log = 0.5 * std::log(2 * M_PI);
    for (std::size_t k = 0; k < kSeen; ++k) {
      const Real* a = z_.data() + pairs_.rows[k] * kRank;
      const Real* b = z_.data() + kNumbers + pairs_.columns[k] * kRank;
      Real* ga = g_.data() + pairs_.rows[k] * kRank;
      Real* gb = g_.data() + kNumbers + pairs_.columns[k] * kRank;
      Real score = 0;
#pragma omp simd reduction(+ : score)
      for (Index j = 0; j < kRank; ++j) score += a[j] * b[j];
      const Real r = score - pairs_.values[k];
      loss += 0.5 * r * r + half_log;
#pragma omp simd
      for (Index j = 0; j < kRank; ++j) {
        ga[j] += r * b[j];
        gb[j] += r * a[j];
      }
    }
    const auto c1 = static_cast<Real>(0.01 / (1 - std::pow(0.9, t_)));
    const auto c2 = static_cast<Real>(1 / std::sqrt(1 - std::pow(0.999, t_)));
    Real* u = u_.data();
    Real* m = m_.data();
    Real* v = v_.data();
    const Real* g = g_.data();
    const auto adam = [=](std::size_t i, Real gradient) {
      m[i] = Real(0.9) * m[i] + Real(0.1) * gradient;
      v[i] = Real(0.999) * v[i] + Real(0.001) * gradient * gradient;
      u[i] -= c1 * m[i] / (std::sqrt(v[i]) * c2 + Real(1e-8));
    };
    for (std::size_t factor : {0, 1}) {
      const std::size_t begin = factor * kNumbers;
      const Real* eps = drawn[factor].data().data();
#pragma omp simd
      for (std::size_t j = 0; j < kNumbers; ++j) {
        const std::size_t i = begin + j;
        adam(n + i, static_cast<Real>(g[i] * eps[j] * special::exp(u[n + i]) - 1));
        adam(i, g[i]);
      }
    }
    return loss;
  }

 private:
  Pairs pairs_;
  std::vector<Real> u_ = start();
  std::vector<Real> m_ = std::vector<Real>(4 * kNumbers), v_ = m_;
  std::vector<Real> z_ = std::vector<Real>(2 * kNumbers), g_ = z_;
  std::uint32_t t_ = 0;

  static std::vector<Real> start() {
    std::vector<Real> u(4 * kNumbers);
    std::fill(u.begin() + 2 * kNumbers, u.end(), static_cast<Real>(std::log(0.1)));
    return u;
  }
};

class Case {
 public:
  double ember() { return static_cast<double>(svi_.step(data_)); }
  double hand() { return by_hand_.step(); }

  void check() {
    guide_.set_up(data_);
    const std::vector<double> begin = bench::mean_field_parameters({"u", "v"});
    by_hand_.parameters().assign(begin.begin(), begin.end());
    std::vector<double> losses, losses_by_hand;
    set_rng_seed(4);
    for (int i = 0; i < 3; ++i) losses.push_back(ember());
    set_rng_seed(4);
    for (int i = 0; i < 3; ++i) losses_by_hand.push_back(hand());
    bench::expect_agreement("15.sparse_factorisation, losses", losses, losses_by_hand);
    const std::vector<Real>& u = by_hand_.parameters();
    bench::expect_agreement("15.sparse_factorisation, parameters",
                            bench::mean_field_parameters({"u", "v"}),
                            std::vector<double>(u.begin(), u.end()));
  }

 private:
  static Data data() {
    param_store().clear();
    set_rng_seed(1);
    return Data{Pairs()};
  }

  Data data_ = data();
  infer::AutoNormal<decltype(&model)> guide_{&model};
  infer::SVI<decltype(&model), infer::AutoNormal<decltype(&model)>> svi_{&model, guide_,
                                                                         infer::Adam({.lr = 0.01})};
  HandWritten by_hand_;
};

// In bytes, of a process that does this alone.
template <class F>
double peak_memory(F f) {
  const pid_t child = fork();
  if (child == 0) {
    f();
    _exit(0);
  }
  rusage usage{};
  int status = 0;
  wait4(child, &status, 0, &usage);
  const bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return is_good ? static_cast<double>(usage.ru_maxrss) * 1024 : NAN;
}

void three_steps_of_ember() {
  param_store().clear();
  set_rng_seed(1);
  const Data data{Pairs()};
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  for (int i = 0; i < 3; ++i) svi.step(data);
}

void three_steps_by_hand() {
  HandWritten by_hand;
  for (int i = 0; i < 3; ++i) by_hand.step();
}

// A size in the place of the time: a byte is a nanosecond.
void add_memory(const char* name, void (*run)()) {
  benchmark::RegisterBenchmark(name,
                               [=](benchmark::State& state) {
                                 static std::map<const void*, double> known;
                                 const void* key = reinterpret_cast<const void*>(run);
                                 if (!known.contains(key)) known[key] = peak_memory(run);
                                 for (auto _ : state) state.SetIterationTime(known[key] * 1e-9);
                               })
      ->UseManualTime()
      ->Iterations(1);
}

// Memory first: a forked process begins with what its parent has.
const bool kAdded = [] {
  add_memory("15.sparse_memory/ember", &three_steps_of_ember);
  add_memory("15.sparse_memory/hand", &three_steps_by_hand);
  bench::add_row<Case>("15.sparse_factorisation", {}, kSeen,
                       {{"ember", &Case::ember}, {"hand", &Case::hand}},
                       [] { return std::make_unique<Case>(); });
  return true;
}();

}  // namespace
