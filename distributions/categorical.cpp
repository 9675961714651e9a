#include <ember/distributions/categorical.hpp>

#include <algorithm>
#include <limits>

#include <ember/core/error.hpp>
#include <ember/distributions/categorical_cdf.hpp>
#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Categorical::Params, probs, logits);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kCategoricalParameters = reflect::table<Categorical::Params>(
    {reflect::one_of(Kind::nonnegative, 1), reflect::one_of(Kind::real, 1)});

// log p(x) = logits[x] - logsumexp(logits); d / d logits[c] = 1(c == x) - softmax(logits)[c]. The
// exponentials wait in the place of the derivatives until their sum is known.
template <bool Partials>
void logits_rows(Index n, Index row, const Real* x, const Real* logits, Real* out, Real* g) {
  double largest[kRowBlock], total[kRowBlock], chosen[kRowBlock];
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    largest[i] = logits[i];
    total[i] = 0;
    chosen[i] = special::kNaN;
  }
  for (Index c = 1; c < row; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double l = logits[c * n + i];
      largest[i] = l > largest[i] ? l : largest[i];
    }
  }
  for (Index c = 0; c < row; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double l = logits[c * n + i];
      const double e = special::exp_of_nonpositive(l - largest[i]);
      total[i] += e;
      chosen[i] = x[i] == static_cast<Real>(c) ? l : chosen[i];
      if constexpr (Partials) g[c * n + i] = static_cast<Real>(e);
    }
  }
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    out[i] = static_cast<Real>(chosen[i] - largest[i] - special::log(total[i]));
    total[i] = 1 / total[i];
  }
  if constexpr (Partials) {
    for (Index c = 0; c < row; ++c) {
#pragma omp simd
      for (Index i = 0; i < n; ++i) {
        const double p = g[c * n + i] * total[i];
        g[c * n + i] = static_cast<Real>((x[i] == static_cast<Real>(c) ? 1.0 : 0.0) - p);
      }
    }
  }
}

// Full blocks have a length that the compiler knows.
template <bool Partials>
void logits_block(Index n, Index row, const Real* const* in, Real* out, Real* const* partials) {
  Real* g = Partials ? partials[1] : nullptr;
  const auto run = [&](auto with_gradient, Index length) {
    logits_rows<decltype(with_gradient)::value>(length, row, in[0], in[1], out, g);
  };
  if (g == nullptr) {
    n == kRowBlock ? run(std::false_type(), kRowBlock) : run(std::false_type(), n);
  } else {
    n == kRowBlock ? run(std::true_type(), kRowBlock) : run(std::true_type(), n);
  }
  if (Partials && partials[0] != nullptr) std::fill_n(partials[0], n, Real{0});
}

// log p(x) = log probs[x] - log sum(probs); d / d probs[c] = 1(c == x) / probs[c] - 1 / sum(probs).
template <bool Partials>
void probs_block(Index n, Index row, const Real* const* in, Real* out, Real* const* partials) {
  const Real* x = in[0];
  const Real* probs = in[1];
  double total[kRowBlock], chosen[kRowBlock];
  for (Index i = 0; i < n; ++i) {
    total[i] = 0;
    chosen[i] = special::kNaN;
  }
  for (Index c = 0; c < row; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double p = probs[c * n + i];
      total[i] += p;
      chosen[i] = x[i] == static_cast<Real>(c) ? p : chosen[i];
    }
  }
#pragma omp simd
  for (Index i = 0; i < n; ++i)
    out[i] = static_cast<Real>(special::log(chosen[i]) - special::log(total[i]));
  if constexpr (Partials) {
    if (partials[1] != nullptr) {
      Real* g = partials[1];
      for (Index c = 0; c < row; ++c) {
#pragma omp simd
        for (Index i = 0; i < n; ++i) {
          g[c * n + i] = static_cast<Real>((x[i] == static_cast<Real>(c) ? 1 / chosen[i] : 0.0) -
                                           1 / total[i]);
        }
      }
    }
    if (partials[0] != nullptr) std::fill_n(partials[0], n, Real{0});
  }
}

constexpr Kernel kByLogits{&logits_block<false>, &logits_block<true>, 2, 2U};
constexpr Kernel kByProbs{&probs_block<false>, &probs_block<true>, 2, 2U};

class CategoricalFamily final : public KernelFamily {
 public:
  explicit CategoricalFamily(const Categorical::Params& params)
      : KernelFamily(Categorical::kInfo, reflect::values(params)) {
    if (categories() == 0) {
      fail("Categorical",
           std::string(parameters()[0].info->name) + " of shape " +
               to_string(parameter(0).shape()) + " hold no category",
           "their last axis holds the categories");
    }
  }

  Constraint support() const override { return constraints::integer_interval(0, categories() - 1); }
  /// A row without any mass is no distribution, though each of its numbers is allowed.
  void check(const Mask& visible) const override {
    if (!validation_enabled()) return;
    Family::check(visible);
    const Tensor row = detach(parameter(0));
    if (by_logits()) {
      check_visible(constraints::greater_than(-special::kInfinity), logsumexp(row, -1), visible,
                    name(), "logsumexp(logits)");
    } else {
      check_visible(constraints::positive, sum(row, -1), visible, name(), "sum(probs)");
    }
  }
  Tensor mean() const override {
    return full(batch_shape(), std::numeric_limits<Real>::quiet_NaN());
  }
  Tensor variance() const override { return mean(); }
  Tensor entropy() const override {
    const Tensor p = probs();
    return -sum(where(p > 0, p * log(p), 0), -1);
  }
  Tensor cdf(const Tensor& x) const override {
    return categorical_cdf(x, parameter(0), by_logits(), elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    return categorical_icdf(p, parameter(0), by_logits(), elements_of(p));
  }
  Tensor enumerate_support() const override { return arange(categories()); }

 private:
  bool by_logits() const { return alternative() == 1; }
  Index categories() const { return parameter(0).shape().from_right(1); }
  Tensor probs() const {
    return by_logits() ? softmax(parameter(0), -1) : parameter(0) / sum(parameter(0), -1, true);
  }
  const Kernel& kernel() const override { return by_logits() ? kByLogits : kByProbs; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    const Tensor p = expand(detach(probs()), concatenate(elements, Shape{categories()}));
    const Tensor u = detail::standard_uniform(key, elements);
    std::vector<Real> drawn;
    drawn.reserve(static_cast<std::size_t>(u.numel()));
    const Real* row = p.data().data();
    for (Real threshold : u.data()) {
      Real reached = 0;
      Index last = 0;  // the last category that is there at all: sums may round to less than 1
      Index chosen = -1;
      for (Index c = 0; c < categories() && chosen < 0; ++c) {
        if (!(row[c] > 0)) continue;
        reached += row[c];
        last = c;
        if (threshold < reached) chosen = c;
      }
      drawn.push_back(static_cast<Real>(chosen < 0 ? last : chosen));
      row += categories();
    }
    return tensor_of(std::move(drawn), elements);
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Categorical::kInfo{"Categorical", kCategoricalParameters,
                                              &reflect::make<Categorical>};

Categorical::Categorical(const Params& params)
    : Distribution(make_family<CategoricalFamily>(params)) {}

}  // namespace ember::distributions
