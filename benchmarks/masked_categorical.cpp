// Masked categorical density, logits (4096, 64, 10), and its gradient by the logits, beside a
// hand-written blocked loop over the kept rows.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>

#include <ember/core/special.hpp>

#include "masks.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kB = 4096, kE = 64, kC = 10, kRows = kB * kE;

struct Case {
  Tensor logits = dist::Normal(0, 1).expand({kB, kE, kC}).sample();
  Tensor y = dist::Categorical({.logits = logits}).sample();
  Mask mask;
  explicit Case(double percent) : mask(bench::random_mask({kB, kE}, percent)) {}
};

void ember_density(benchmark::State& state) {
  const Case c(static_cast<double>(state.range(0)));
  std::vector<Tensor> leaves;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench::value_and_adjoints({c.logits}, leaves, [&](const auto& in) {
      return dist::Categorical({.logits = in[0]}).log_prob_sum(c.y, c.mask);
    }));
  }
  state.counters["ns_per_kept_row"] = benchmark::Counter(
      static_cast<double>(c.mask.count()) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

double blocked_loop(const Case& c, Real* gradient) {
  constexpr Index kBlock = 16;
  const Real* y = c.y.data().data();
  const Real* logits = c.logits.data().data();
  std::array<Index, kBlock> rows;
  std::array<double, kBlock * kC> l, e;
  std::array<double, kBlock> largest, sum;
  const auto* list = c.mask.bytes() ? &c.mask.bytes()->positions() : nullptr;
  const Index n = c.mask.count();
  double total = 0;
  for (Index begin = 0; begin < n; begin += kBlock) {
    const Index m = std::min(kBlock, n - begin);
    for (Index i = 0; i < kBlock; ++i) {
      const Index k = begin + std::min(i, m - 1);
      rows[static_cast<std::size_t>(i)] =
          list != nullptr ? (*list)[static_cast<std::size_t>(k)] : k;
    }
    for (Index i = 0; i < kBlock; ++i) {
      const Real* row = logits + rows[static_cast<std::size_t>(i)] * kC;
      for (Index k = 0; k < kC; ++k) l[static_cast<std::size_t>(k * kBlock + i)] = row[k];
    }
    largest.fill(-INFINITY);
    sum.fill(0);
    for (std::size_t k = 0; k < kC; ++k) {
#pragma omp simd
      for (std::size_t i = 0; i < kBlock; ++i) {
        largest[i] = l[k * kBlock + i] > largest[i] ? l[k * kBlock + i] : largest[i];
      }
    }
    for (std::size_t k = 0; k < kC; ++k) {
#pragma omp simd
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double x = special::exp(l[k * kBlock + i] - largest[i]);
        e[k * kBlock + i] = x;
        sum[i] += x;
      }
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(m); ++i) {
      const auto chosen = static_cast<std::size_t>(y[rows[i]]);
      total += l[chosen * kBlock + i] - largest[i] - special::log(sum[i]);
      Real* g = gradient + rows[i] * kC;
      const double inverse = 1 / sum[i];
      for (std::size_t k = 0; k < kC; ++k) {
        g[k] = static_cast<Real>((k == chosen ? 1.0 : 0.0) - e[k * kBlock + i] * inverse);
      }
    }
  }
  return total;
}

void hand_written(benchmark::State& state) {
  const Case c(static_cast<double>(state.range(0)));
  std::vector<Real> gradient(static_cast<std::size_t>(kRows * kC));
  for (auto _ : state) benchmark::DoNotOptimize(blocked_loop(c, gradient.data()));
  state.counters["ns_per_kept_row"] = benchmark::Counter(
      static_cast<double>(c.mask.count()) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void percentages(benchmark::internal::Benchmark* b) {
  for (const int kept : {100, 50, 10, 1}) b->Arg(kept);
  b->ArgName("kept")->Unit(benchmark::kMicrosecond);
}
BENCHMARK(ember_density)->Apply(percentages);
BENCHMARK(hand_written)->Apply(percentages);

}  // namespace
