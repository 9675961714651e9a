#include <ember/distributions/cauchy.hpp>

#include <limits>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Cauchy::Params, loc, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kCauchyParameters =
    reflect::table<Cauchy::Params>({{Kind::real}, reflect::shown(Kind::positive)});

class CauchyFamily final : public KernelFamily {
 public:
  explicit CauchyFamily(const Cauchy::Params& params)
      : KernelFamily(Cauchy::kInfo, reflect::values(params)) {}

  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double z = (x - loc) * inverse;
    const special::LogSquare term = special::log1p_square(z);
    return {-special::kLogPi - special::log(scale) - term.value,
            {-term.slope * inverse, term.slope * inverse, (term.slope * z - 1) * inverse}};
  }

  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override {
    return full(batch_shape(), std::numeric_limits<Real>::quiet_NaN());
  }
  Tensor variance() const override {
    return full(batch_shape(), std::numeric_limits<Real>::infinity());
  }
  Tensor entropy() const override {
    return expand(log(scale()), batch_shape()) + (2 * std::numbers::ln2 + special::kLogPi);
  }
  Tensor cdf(const Tensor& x) const override {
    const Tensor z = (x - loc()) / scale();
    const Tensor angle = where(z < -1, -atan(1 / z), atan(z) + std::numbers::pi / 2);
    return angle / std::numbers::pi;
  }
  Tensor icdf(const Tensor& p) const override {
    return where(p < 1, inside(p), std::numeric_limits<Real>::infinity());
  }

 private:
  // icdf below 1: tan of the double next to pi / 2 is finite
  Tensor inside(const Tensor& p) const {
    const Tensor angle = std::numbers::pi * p;
    return loc() + scale() * where(p < 0.25, -1 / tan(angle), tan(angle - std::numbers::pi / 2));
  }
  const Tensor& loc() const { return parameter(0); }
  const Tensor& scale() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<CauchyFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return inside(detail::standard_uniform(key, elements));
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Cauchy::kInfo{"Cauchy", kCauchyParameters, &reflect::make<Cauchy>};

Cauchy::Cauchy(const Params& params) : Distribution(make_family<CauchyFamily>(params)) {}

}  // namespace ember::distributions
