#include <ember/distributions/laplace.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Laplace::Params, loc, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kLaplaceParameters =
    reflect::table<Laplace::Params>({{Kind::real}, reflect::shown(Kind::positive)});

class LaplaceFamily final : public KernelFamily {
 public:
  explicit LaplaceFamily(const Laplace::Params& params)
      : KernelFamily(Laplace::kInfo, reflect::values(params)) {}

  static constexpr bool kIsArithmetic = true;  // given the scale
  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double z = (x - loc) * inverse;
    const double sign = z > 0 ? 1.0 : z < 0 ? -1.0 : z;  // 0 at 0
    return {-sign * z - special::log(scale) - std::numbers::ln2,
            {-sign * inverse, sign * inverse, (sign * z - 1) * inverse}};
  }

  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return expand(loc(), batch_shape()); }
  Tensor variance() const override { return expand(2 * square(scale()), batch_shape()); }
  Tensor entropy() const override {
    return expand(log(scale()), batch_shape()) + (1 + std::numbers::ln2);
  }
  Tensor cdf(const Tensor& x) const override {
    const Tensor z = (x - loc()) / scale();
    return where(z < 0, 0.5 * exp(z), 1 - 0.5 * exp(-z));
  }
  Tensor icdf(const Tensor& p) const override {
    return loc() + scale() * where(p < 0.5, log(2 * p), -log(2 * (1 - p)));
  }

 private:
  const Tensor& loc() const { return parameter(0); }
  const Tensor& scale() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<LaplaceFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return icdf(detail::standard_uniform(key, elements));
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Laplace::kInfo{"Laplace", kLaplaceParameters, &reflect::make<Laplace>};

Laplace::Laplace(const Params& params) : Distribution(make_family<LaplaceFamily>(params)) {}

}  // namespace ember::distributions
