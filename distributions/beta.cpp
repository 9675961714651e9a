#include <ember/distributions/beta.hpp>

#include <ember/core/gamma_forms.hpp>
#include <ember/core/incomplete.hpp>
#include <ember/core/quantile_slope.hpp>
#include <ember/distributions/beta_terms.hpp>
#include <ember/distributions/cdf_forms.hpp>
#include <ember/distributions/gamma_draw.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Beta::Params, concentration1, concentration0);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kBetaParameters = reflect::table<Beta::Params>({{Kind::positive}, {Kind::positive}});

class BetaFamily final : public KernelFamily {
 public:
  explicit BetaFamily(const Beta::Params& params)
      : KernelFamily(Beta::kInfo, reflect::values(params)) {}

  static Density<3> density(double x, double a, double b) {
    const double y = 1 - x;
    const double n = a + b;
    const double log_n = special::log(n);
    const double log_x = special::log(x);
    const double log_y = special::log1p(-x);
    const double inside = beta_terms::side(a, x, n, log_x, log_n) +
                          beta_terms::side(b, y, n, log_y, log_n) + beta_terms::rest(n, log_n);
    const double l = special::log_minus_digamma(n) - log_n;  // -digamma(n)
    return {inside,
            {beta_terms::slope(a, x) - beta_terms::slope(b, y),
             log_x - special::log(a) + special::log_minus_digamma(a) - l,
             log_y - special::log(b) + special::log_minus_digamma(b) - l}};
  }

  Constraint support() const override { return constraints::unit_interval; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return a() / (a() + b()); }
  Tensor variance() const override {
    const Tensor n = a() + b();
    return (a() / n) * (b() / n) / (n + 1);
  }
  Tensor entropy() const override { return pointwise<Entropy, 2>({a(), b()}, batch_shape()); }
  Tensor cdf(const Tensor& x) const override {
    return cdf_of<Cdf, 3>({x, a(), b()}, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    return quantile_of<Cdf, 3>({p, a(), b()}, elements_of(p));
  }

 private:
  struct Entropy {
    static Density<2> density(double a, double b) {
      const double n = a + b;
      const double common = (n - 2) * special::trigamma(n);
      return {special::log_poisson_mode(n) - special::log_poisson_mode(a) -
                  special::log_poisson_mode(b) - special::log(n) +
                  (a - 1) * special::log_minus_digamma(a) +
                  (b - 1) * special::log_minus_digamma(b) - (n - 2) * special::log_minus_digamma(n),
              {common - (a - 1) * special::trigamma(a), common - (b - 1) * special::trigamma(b)}};
    }
  };

  struct Cdf {
    static double cdf(double x, double a, double b) {
      return x <= 0 ? 0.0 : x >= 1 ? 1.0 : special::beta_p(a, b, x, 1 - x);
    }
    static double quantile(double p, double a, double b) { return special::beta_quantile(a, b, p); }
    // where p is 0 or 1 the quantile stays
    static Motion<2> motion(double x, double a, double b) {
      const double y = 1 - x;
      if (x < 0 || y < 0) return {0, {0, 0}};
      const double p = special::exp(density(x, a, b).log_prob);
      if (x == 0 || y == 0) return {p, {0, 0}};
      return {
          p, {special::beta_quantile_slope(a, b, x, y), -special::beta_quantile_slope(b, a, y, x)}};
    }
  };

  const Tensor& a() const { return parameter(0); }
  const Tensor& b() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<BetaFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return beta_draw(key, elements, a(), b());
  }
  Tensor placeholder() const override { return 0.5; }
};

}  // namespace

constinit const FamilyInfo Beta::kInfo{"Beta", kBetaParameters, &reflect::make<Beta>};

Beta::Beta(const Params& params) : Distribution(make_family<BetaFamily>(params)) {}

}  // namespace ember::distributions
