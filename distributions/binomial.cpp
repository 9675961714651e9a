#include <ember/distributions/binomial.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include <boost/random/binomial_distribution.hpp>

#include <ember/core/error.hpp>
#include <ember/core/gamma_forms.hpp>
#include <ember/core/incomplete.hpp>
#include <ember/distributions/count_entropy.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Binomial::Params, total_count, probs, logits);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kBinomialParameters =
    reflect::table<Binomial::Params>({{Kind::nonnegative_integer},
                                      reflect::one_of(Kind::unit_interval),
                                      reflect::one_of(Kind::real)});

// The count of successes and that of failures, each as a Poisson number, given their sum; of few
// trials as it is written.
template <bool IsOfFew>
double log_mass(double x, double n, double p, double q, double log_p, double log_q) {
  if constexpr (IsOfFew) {
    const double up = special::select(x == 0, 0.0, x * log_p);
    const double down = special::select(x == n, 0.0, (n - x) * log_q);
    return special::log_factorial(n) - special::log_factorial(x) - special::log_factorial(n - x) +
           up + down;
  } else {
    const double log_n = special::log(n);
    return special::log_poisson(x, n * p, log_n + log_p) +
           special::log_poisson(n - x, n * q, log_n + log_q) - special::log_poisson(n, n, log_n);
  }
}

template <bool IsOfFew>
struct AtProbs {
  static Density<3> density(double x, double n, double p) {
    // 0 log 0 is 0, and so are its derivatives
    const double up = special::select(x == 0, 0.0, x / p);
    const double down = special::select(x == n, 0.0, (n - x) / (1 - p));
    return {log_mass<IsOfFew>(x, n, p, 1 - p, special::log(p), special::log1p(-p)),
            {0, 0, up - down}};
  }
};

template <bool IsOfFew>
struct AtLogits {
  static Density<3> density(double x, double n, double l) {
    const double p = special::sigmoid(l);
    const double q = special::sigmoid(-l);
    return {log_mass<IsOfFew>(x, n, p, q, -special::softplus(-l), -special::softplus(l)),
            {0, 0, x * q - (n - x) * p}};
  }
};

template <template <bool> class At>
struct OfFewTrials : At<true> {
  static bool holds(double x, double n, double) {
    return special::has_log_factorial(x) && special::has_log_factorial(n) && x <= n;
  }
};
struct BinomialByProbs : AtProbs<false> {
  using Few = OfFewTrials<AtProbs>;
};
struct BinomialByLogits : AtLogits<false> {
  using Few = OfFewTrials<AtLogits>;
};

// F(k) = I_q(n - k, k + 1), whose derivative by p is -n times the mass of k in n - 1 trials.
struct BinomialCdfByProbs {
  static Counts counts(double n, double p) { return {n * p, std::sqrt(n * p * (1 - p)), n}; }
  static Density<3> density(double x, double n, double p) {
    return cdf_of_count<3>(x, n, [=](double k) -> Density<3> {
      const double mass = log_mass<false>(k, n - 1, p, 1 - p, special::log(p), special::log1p(-p));
      return {special::beta_p(n - k, k + 1, 1 - p, p), {0, 0, -n * special::exp(mass)}};
    });
  }
};

struct BinomialCdfByLogits {
  static Counts counts(double n, double l) {
    return BinomialCdfByProbs::counts(n, special::sigmoid(l));
  }
  static Density<3> density(double x, double n, double l) {
    return cdf_of_count<3>(x, n, [=](double k) -> Density<3> {
      const double p = special::sigmoid(l);
      const double mass = special::exp(BinomialByLogits::density(k, n, l).log_prob);
      return {special::beta_p(n - k, k + 1, special::sigmoid(-l), p), {0, 0, -(n - k) * p * mass}};
    });
  }
};

template <class Kernel, class Cdf>
struct Entropy {
  static Density<2> density(double n, double parameter) {
    const WithSlope h = entropy_of_counts<Kernel, Cdf>(n, parameter);
    return {h.value, {0, h.slope}};
  }
};

// A draw of more trials than an Index counts: like a Poisson number where successes or failures are
// rare, with an error below their share of 1e-9, else like a normal one.
double draw_of_many(detail::ElementEngine& engine, double n, double p) {
  constexpr double kLikeNormal = 1e9;
  const double rarer = std::min(p, 1 - p);
  const double mean = n * rarer;
  const double count =
      mean < kLikeNormal
          ? static_cast<double>(std::poisson_distribution<std::int64_t>(mean)(engine))
          : std::round(mean +
                       std::sqrt(mean * (1 - rarer)) * std::normal_distribution<double>()(engine));
  return p <= 0.5 ? count : n - count;
}

class BinomialFamily final : public KernelFamily {
 public:
  explicit BinomialFamily(const Binomial::Params& params)
      : KernelFamily(Binomial::kInfo, reflect::values(params)) {}

  Constraint support() const override { return constraints::integer_interval(0, total_count()); }
  Tensor mean() const override { return total_count() * probs(); }
  Tensor variance() const override {
    return total_count() * probs() * (by_logits() ? sigmoid(-parameter(1)) : 1 - parameter(1));
  }
  /// A sum over those of 0 .. total_count that have mass.
  Tensor entropy() const override {
    const std::array inputs{total_count(), parameter(1)};
    return by_logits()
               ? pointwise<Entropy<BinomialByLogits, BinomialCdfByLogits>, 2>(inputs, batch_shape())
               : pointwise<Entropy<BinomialByProbs, BinomialCdfByProbs>, 2>(inputs, batch_shape());
  }
  Tensor cdf(const Tensor& x) const override {
    const std::array inputs{x, total_count(), parameter(1)};
    return by_logits() ? pointwise<BinomialCdfByLogits, 3>(inputs, elements_of(x))
                       : pointwise<BinomialCdfByProbs, 3>(inputs, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    const std::array inputs{p, total_count(), parameter(1)};
    return by_logits() ? count_quantile_of<BinomialCdfByLogits, 3>(inputs, elements_of(p))
                       : count_quantile_of<BinomialCdfByProbs, 3>(inputs, elements_of(p));
  }
  Tensor enumerate_support() const override {
    const Real n = total_count().numel() > 0 ? total_count().data()[0] : Real{0};
    if (!(total_count() == n).is_all()) {
      fail(name(), "elements of different total_count have different supports",
           "enumerate them one at a time");
    }
    return arange(static_cast<Index>(n) + 1);
  }

 private:
  const Tensor& total_count() const { return parameter(0); }
  bool by_logits() const { return alternative() == 1; }
  Tensor probs() const { return by_logits() ? sigmoid(parameter(1)) : parameter(1); }
  const Kernel& kernel() const override {
    return by_logits() ? Elementwise<BinomialByLogits, 3>::kernel
                       : Elementwise<BinomialByProbs, 3>::kernel;
  }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return draw_each(key, elements, std::array{total_count(), probs()},
                     [](detail::ElementEngine& engine, double n, double p) {
                       // hidden elements may hold anything: they are replaced afterwards
                       if (!(n >= 0 && n < special::kInfinity && p >= 0 && p <= 1)) return 0.0;
                       if (n >= 9e18) return draw_of_many(engine, n, p);
                       boost::random::binomial_distribution<std::int64_t, double> binomial(
                           static_cast<std::int64_t>(n), p);
                       return static_cast<double>(binomial(engine));
                     });
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Binomial::kInfo{"Binomial", kBinomialParameters,
                                           &reflect::make<Binomial>};

Binomial::Binomial(const Params& params) : Distribution(make_family<BinomialFamily>(params)) {}

}  // namespace ember::distributions
