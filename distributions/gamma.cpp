#include <ember/distributions/gamma.hpp>

#include <ember/core/gamma_forms.hpp>
#include <ember/core/incomplete.hpp>
#include <ember/core/quantile_slope.hpp>
#include <ember/distributions/cdf_forms.hpp>
#include <ember/distributions/gamma_draw.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Gamma::Params, concentration, rate);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kGammaParameters =
    reflect::table<Gamma::Params>({{Kind::positive}, {Kind::positive}});

class GammaFamily final : public KernelFamily {
 public:
  explicit GammaFamily(const Gamma::Params& params)
      : KernelFamily(Gamma::kInfo, reflect::values(params)) {}

  static Density<3> density(double x, double a, double rate) {
    const double log_rate = special::log(rate);
    const double y = rate * x;
    const double log_a = special::log(a);
    const double log_x = special::log(x);
    const double log_y = log_x + log_rate;
    const double inside = special::log_poisson(a, y, log_y) + log_a - log_x;
    // at 0: x^(a - 1)
    const double at_zero = special::select(a > 1, -special::kInfinity,
                                           special::select(a < 1, special::kInfinity, log_rate));
    const double slope = special::select(a == 1, 0.0, (a - 1) / x);
    return {special::select(x == 0, at_zero, inside),
            {slope - rate, log_y - log_a + special::log_minus_digamma(a), a / rate - x}};
  }

  Constraint support() const override { return constraints::nonnegative; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return concentration() / rate(); }
  Tensor variance() const override { return concentration() / square(rate()); }
  Tensor entropy() const override {
    return pointwise<Entropy, 2>({concentration(), rate()}, batch_shape());
  }
  Tensor cdf(const Tensor& x) const override {
    return cdf_of<Cdf, 3>({x, concentration(), rate()}, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    return quantile_of<Cdf, 3>({p, concentration(), rate()}, elements_of(p));
  }

 private:
  // log_poisson_mode(a) = a log a - a - log Gamma(a + 1), and the mean of log(rate x) is digamma(a)
  struct Entropy {
    static Density<2> density(double a, double rate) {
      return {(a - 1) * special::log_minus_digamma(a) - special::log_poisson_mode(a) -
                  special::log(rate),
              {1 + (1 - a) * special::trigamma(a), -1 / rate}};
    }
  };

  struct Cdf {
    static double cdf(double x, double a, double rate) {
      return x <= 0 ? 0.0 : special::gamma_p(a, rate * x);
    }
    static double quantile(double p, double a, double rate) {
      return special::gamma_quantile(a, p) / rate;
    }
    // where p is 0 or 1 the quantile stays
    static Motion<2> motion(double x, double a, double rate) {
      const double y = rate * x;
      if (x < 0 || y == special::kInfinity) return {0, {0, 0}};
      const double p = special::exp(density(x, a, rate).log_prob);
      if (y == 0) return {p, {0, 0}};
      return {p, {special::gamma_quantile_slope(a, y) / rate, -x / rate}};
    }
  };

  const Tensor& concentration() const { return parameter(0); }
  const Tensor& rate() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<GammaFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return gamma_draw(key, elements, concentration(), rate());
  }
  Tensor placeholder() const override { return 1; }
};

}  // namespace

constinit const FamilyInfo Gamma::kInfo{"Gamma", kGammaParameters, &reflect::make<Gamma>};

Gamma::Gamma(const Params& params) : Distribution(make_family<GammaFamily>(params)) {}

}  // namespace ember::distributions
