#include <ember/distributions/beta.hpp>

#include <ember/core/gamma_forms.hpp>
#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/gamma_draw.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Beta::Params, concentration1, concentration0);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kParameters = reflect::table<Beta::Params>({{Kind::positive}, {Kind::positive}});

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
    const double inside = side(a, x, n, log_x, log_n) + side(b, y, n, log_y, log_n) -
                          special::log_poisson(n, n, log_n) - log_n;
    const double l = special::log_minus_digamma(n) - log_n;  // -digamma(n)
    return {inside,
            {slope(a, x) - slope(b, y), log_x - special::log(a) + special::log_minus_digamma(a) - l,
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

 private:
  // log(n (n x)^(a - 1) exp(-n x) / Gamma(a))
  static double side(double a, double x, double n, double log_x, double log_n) {
    const double at_zero = a > 1 ? -special::kInfinity : a < 1 ? special::kInfinity : log_n;
    const double inside = special::log_poisson(a, n * x, log_n + log_x) + special::log(a) - log_x;
    return x == 0 ? at_zero : inside;
  }
  static double slope(double a, double x) { return a == 1 ? 0.0 : (a - 1) / x; }

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

  const Tensor& a() const { return parameter(0); }
  const Tensor& b() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<BetaFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return beta_draw(key, elements, a(), b());
  }
  Tensor placeholder() const override { return 0.5; }
};

}  // namespace

constinit const FamilyInfo Beta::kInfo{"Beta", kParameters, &reflect::make<Beta>};

Beta::Beta(const Params& params) : Distribution(make_family<BetaFamily>(params)) {}

}  // namespace ember::distributions
