// Row 4: masked element-wise densities with their gradients, beside the best hand-written loop for
// the same mask. Elements are kept one by one at random, or in runs of 64 neighbours.
#include <map>

#include <ember/core/gamma_forms.hpp>

#include "common/agreement.hpp"
#include "common/masks.hpp"
#include "common/on_two_threads.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kBlock = detail::kBlock;

// A density's logarithm and its derivatives by the first and the second parameter.
struct Term {
  double log_prob, a, b;
};

Tensor normals(Index n) { return dist::Normal(0, 1).expand({n}).sample(); }

struct NormalLoc {  // a vector of locations, one scale
  static constexpr const char* kName = "4.normal_loc";
  static constexpr bool kVectorB = false;
  static Tensor a(Index n) { return normals(n); }
  static Tensor b(Index) { return 1.3; }
  static dist::Distribution make(const Tensor& a, const Tensor& b) { return dist::Normal(a, b); }

  explicit NormalLoc(double scale)
      : inverse(1 / scale), constant(-special::log(scale) - special::kHalfLogTwoPi) {}
  EMBER_INLINE Term operator()(double y, double loc, double) const {
    const double z = (y - loc) * inverse;
    return {constant - 0.5 * z * z, z * inverse, (z * z - 1) * inverse};
  }
  double inverse, constant;
};

struct NormalLocScale {  // vectors of locations and of scales
  static constexpr const char* kName = "4.normal_loc_scale";
  static constexpr bool kVectorB = true;
  static Tensor a(Index n) { return normals(n); }
  static Tensor b(Index n) { return exp(0.3 * normals(n)); }
  static dist::Distribution make(const Tensor& a, const Tensor& b) { return dist::Normal(a, b); }

  explicit NormalLocScale(double) {}
  EMBER_INLINE Term operator()(double y, double loc, double scale) const {
    const double inverse = 1 / scale;
    const double z = (y - loc) * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi, z * inverse,
            (z * z - 1) * inverse};
  }
};

struct PoissonLogRate {
  static constexpr const char* kName = "4.poisson_log_rate";
  static constexpr bool kVectorB = false;
  static Tensor a(Index n) { return 1 + 0.5 * normals(n); }
  static Tensor b(Index) { return {}; }
  static dist::Distribution make(const Tensor& a, const Tensor&) {
    return dist::Poisson({.log_rate = a});
  }

  explicit PoissonLogRate(double) {}
  EMBER_INLINE Term operator()(double y, double log_rate, double) const {
    const double rate = special::exp(log_rate);
    return {y * log_rate - rate - special::log_factorial(y), y - rate, 0};
  }
};

struct BernoulliLogits {
  static constexpr const char* kName = "4.bernoulli_logits";
  static constexpr bool kVectorB = false;
  static Tensor a(Index n) { return normals(n); }
  static Tensor b(Index) { return {}; }
  static dist::Distribution make(const Tensor& a, const Tensor&) {
    return dist::Bernoulli({.logits = a});
  }

  explicit BernoulliLogits(double) {}
  EMBER_INLINE Term operator()(double y, double logit, double) const {
    const double e = special::exp(logit < 0 ? logit : -logit);
    const double inverse = 1 / (1 + e);
    return {y * logit - (logit < 0 ? 0 : logit) - special::log1p(e),
            y - (logit < 0 ? e * inverse : inverse), 0};
  }
};

template <class D>
struct Data {
  Tensor a, b, y;
  explicit Data(Index n) : a(D::a(n)), b(D::b(n)), y(D::make(a, b).sample()) {}

  /// Made once for all masks.
  static const Data& of(Index n) {
    static std::map<Index, Data> made;
    const auto found = made.find(n);
    return found != made.end() ? found->second : made.emplace(n, Data(n)).first->second;
  }
};

template <class D>
class Case {
 public:
  Case(Index n, int kept, Index run)
      : data_(Data<D>::of(n)),
        n_(n),
        mask_(bench::random_mask({n}, kept, run)),
        a_(data_.a.data().data()),
        b_(D::kVectorB ? data_.b.data().data() : a_),
        y_(data_.y.data().data()),
        density_(!D::kVectorB && data_.b.defined() ? static_cast<double>(data_.b.item()) : 0),
        ga_(static_cast<std::size_t>(n)),
        gb_(static_cast<std::size_t>(D::kVectorB ? n : 1)) {
    inputs_.push_back(data_.a);
    if (data_.b.defined()) inputs_.push_back(data_.b);
  }

  double ember() { return static_cast<double>(record(nullptr)); }
  double two_threads() {
    return bench::on_two_threads([&] { return ember(); });
  }

  double dense() { return finish(all(0, n_)); }
  double blend() { return finish(selected(0, n_)); }

  /// One by one along the list of what is kept.
  double index() {
    const auto& list = mask_.bytes()->positions();
    return finish(listed(list.data(), static_cast<Index>(list.size())));
  }
  /// The same in vectors: what is listed is brought together, computed, and taken back.
  double gather() {
    const auto& list = mask_.bytes()->positions();
    const auto m = static_cast<Index>(list.size());
    Sums sums;
    for (Index begin = 0; begin < m; begin += kChunk) {
      sums += gathered(list.data() + begin, std::min(kChunk, m - begin));
    }
    return finish(sums);
  }
  /// Block by block: nothing, all, a selection or a list, by what is kept there.
  double skip() {
    const auto& counts = mask_.bytes()->block_counts();
    const Index* list = mask_.bytes()->positions().data();
    Sums sums;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const Index begin = static_cast<Index>(k) * kBlock;
      const Index end = std::min(begin + kBlock, n_);
      const Index kept = counts[k];
      if (kept == end - begin) {
        sums += all(begin, end);
      } else if (kept * 4 > (end - begin) * 3) {
        sums += selected(begin, end);
      } else if (kept > 0) {
        for (Index i = 0; i < kept; i += kChunk) {
          sums += gathered(list + i, std::min(kChunk, kept - i));
        }
      }
      list += kept;
    }
    return finish(sums);
  }

  void check() {
    std::vector<double> adjoints;
    const auto value = static_cast<double>(record(&adjoints));
    const auto same = [&](const char* who, double (Case::*run)()) {
      std::fill(ga_.begin(), ga_.end(), 0);
      std::fill(gb_.begin(), gb_.end(), 0);
      const double by_hand = (this->*run)();
      const std::string what = std::string(D::kName) + " " + who;
      bench::expect_agreement(what, {&value, 1}, {&by_hand, 1});
      bench::expect_agreement(what + ", gradient", std::span(adjoints).first(ga_.size()), ga_);
      if (data_.b.defined()) {
        bench::expect_agreement(what + ", second gradient", std::span(adjoints).subspan(ga_.size()),
                                gb_);
      }
    };
    if (mask_.bytes() == nullptr) return same("dense", &Case::dense);
    same("blend", &Case::blend);
    same("index", &Case::index);
    same("gather", &Case::gather);
    same("skip", &Case::skip);
  }

 private:
  static constexpr Index kChunk = 128;

  struct Sums {
    double log_prob = 0, b = 0;
    Sums& operator+=(const Sums& other) {
      log_prob += other.log_prob;
      b += other.b;
      return *this;
    }
  };

  Real record(std::vector<double>* adjoints) {
    return bench::value_and_adjoints(
        inputs_, leaves_,
        [&](const auto& in) {
          return D::make(in[0], in.size() > 1 ? in[1] : Tensor()).log_prob_sum(data_.y, mask_);
        },
        adjoints);
  }

  double finish(const Sums& sums) {
    if (!D::kVectorB) gb_[0] = sums.b;
    return sums.log_prob;
  }

  Sums all(Index begin, Index end) {
    const D d = density_;
    const Real *a = a_, *b = b_, *y = y_;
    double *ga = ga_.data(), *gb = gb_.data();
    double total = 0, total_b = 0;
#pragma omp simd reduction(+ : total, total_b)
    for (Index i = begin; i < end; ++i) {
      const Term t = d(y[i], a[i], b[i]);
      total += t.log_prob;
      ga[i] = t.a;
      if constexpr (D::kVectorB) {
        gb[i] = t.b;
      } else {
        total_b += t.b;
      }
    }
    return {total, total_b};
  }

  // The bytes of a mask become bits as wide as the numbers before the loop over these: in one loop
  // compilers would take as many elements at once as there are bytes in a register.
  Sums selected(Index begin, Index end) {
    const D d = density_;
    const Real *a = a_, *b = b_, *y = y_;
    const std::uint8_t* kept = mask_.bytes()->data();
    double *ga = ga_.data(), *gb = gb_.data();
    double total = 0, total_b = 0;
    std::int64_t bits[kChunk];
    for (Index first = begin; first < end; first += kChunk) {
      const Index m = std::min(kChunk, end - first);
      for (Index j = 0; j < m; ++j) bits[j] = -static_cast<std::int64_t>(kept[first + j]);
#pragma omp simd reduction(+ : total, total_b)
      for (Index j = 0; j < m; ++j) {
        const Index i = first + j;
        const Term t = d(y[i], a[i], b[i]);
        total += detail::bits_and(bits[j], t.log_prob);
        ga[i] = detail::bits_and(bits[j], t.a);
        if constexpr (D::kVectorB) {
          gb[i] = detail::bits_and(bits[j], t.b);
        } else {
          total_b += detail::bits_and(bits[j], t.b);
        }
      }
    }
    return {total, total_b};
  }

  Sums listed(const Index* list, Index m) {
    const D d = density_;
    const Real *a = a_, *b = b_, *y = y_;
    double *ga = ga_.data(), *gb = gb_.data();
    double total = 0, total_b = 0;
    for (Index j = 0; j < m; ++j) {
      const Index i = list[j];
      const Term t = d(y[i], a[i], b[i]);
      total += t.log_prob;
      ga[i] = t.a;
      if constexpr (D::kVectorB) {
        gb[i] = t.b;
      } else {
        total_b += t.b;
      }
    }
    return {total, total_b};
  }

  Sums gathered(const Index* list, Index m) {
    const D d = density_;
    double a[kChunk], b[kChunk], y[kChunk];
    for (Index j = 0; j < m; ++j) {
      a[j] = a_[list[j]];
      y[j] = y_[list[j]];
      if constexpr (D::kVectorB) b[j] = b_[list[j]];
    }
    double total = 0, total_b = 0;
#pragma omp simd reduction(+ : total, total_b)
    for (Index j = 0; j < m; ++j) {
      const Term t = d(y[j], a[j], D::kVectorB ? b[j] : 0);
      total += t.log_prob;
      a[j] = t.a;
      b[j] = t.b;
      total_b += t.b;
    }
    for (Index j = 0; j < m; ++j) {
      ga_[static_cast<std::size_t>(list[j])] = a[j];
      if constexpr (D::kVectorB) gb_[static_cast<std::size_t>(list[j])] = b[j];
    }
    return {total, total_b};
  }

  const Data<D>& data_;
  Index n_;
  Mask mask_;
  const Real *a_, *b_, *y_;
  D density_;
  std::vector<double> ga_, gb_;
  std::vector<Tensor> inputs_, leaves_;
};

template <class D>
void add() {
  const auto add_case = [](Index n, int kept, Index run) {
    using C = Case<D>;
    std::vector<bench::Contestant<C>> contestants{{"ember", &C::ember}};
    if (kept == 100) {
      contestants.push_back({"hand_dense", &C::dense});
    } else {
      for (const bench::Contestant<C>& c : {bench::Contestant<C>{"hand_blend", &C::blend},
                                            {"hand_index", &C::index},
                                            {"hand_gather", &C::gather},
                                            {"hand_skip", &C::skip}}) {
        contestants.push_back(c);
      }
    }
    bench::add_row<C>(D::kName, {{"n", n}, {"kept", kept}, {"run", run}}, static_cast<double>(n),
                      contestants, [=] { return std::make_unique<C>(n, kept, run); });
  };
  for (const Index n : {16'384, 1'000'000}) {
    for (const int kept : bench::kKept) {
      add_case(n, kept, 1);
      if (kept != 100) add_case(n, kept, 64);
    }
  }
  using C = Case<D>;
  for (const int kept : {100, 50}) {
    bench::add_row<C>("11" + std::string(D::kName).substr(1), {{"kept", kept}}, 1,
                      {{"ember", &C::two_threads}, {"hand_one_thread", &C::ember}},
                      [=] { return std::make_unique<C>(1'000'000, kept, 1); });
  }
}

const bool kAdded = [] {
  add<NormalLoc>();
  add<NormalLocScale>();
  add<PoissonLogRate>();
  add<BernoulliLogits>();
  return true;
}();

}  // namespace
