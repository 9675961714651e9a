#include <ember/distributions/half_cauchy.hpp>

#include <limits>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::HalfCauchy::Params, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kHalfCauchyParameters =
    reflect::table<HalfCauchy::Params>({reflect::shown(Kind::positive)});

class HalfCauchyFamily final : public KernelFamily {
 public:
  explicit HalfCauchyFamily(const HalfCauchy::Params& params)
      : KernelFamily(HalfCauchy::kInfo, reflect::values(params)) {}

  static Density<2> density(double x, double scale) {
    const double inverse = 1 / scale;
    const double z = x * inverse;
    const special::LogSquare term = special::log1p_square(z);
    return {std::numbers::ln2 - special::kLogPi - special::log(scale) - term.value,
            {-term.slope * inverse, (term.slope * z - 1) * inverse}};
  }

  Constraint support() const override { return constraints::nonnegative; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override {
    return full(batch_shape(), std::numeric_limits<Real>::infinity());
  }
  Tensor variance() const override { return mean(); }
  Tensor entropy() const override { return log(scale()) + (std::numbers::ln2 + special::kLogPi); }
  Tensor cdf(const Tensor& x) const override {
    return where(x < 0, 0, atan(x / scale()) * (2 / std::numbers::pi));
  }
  Tensor icdf(const Tensor& p) const override {
    return where(p < 1, inside(p), std::numeric_limits<Real>::infinity());
  }

 private:
  // icdf below 1: tan of the double next to pi / 2 is finite
  Tensor inside(const Tensor& p) const { return scale() * tan(p * (std::numbers::pi / 2)); }
  const Tensor& scale() const { return parameter(0); }
  const Kernel& kernel() const override { return Elementwise<HalfCauchyFamily, 2>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return inside(detail::standard_uniform(key, elements));
  }
  Tensor placeholder() const override { return 1; }
};

}  // namespace

constinit const FamilyInfo HalfCauchy::kInfo{"HalfCauchy", kHalfCauchyParameters,
                                             &reflect::make<HalfCauchy>};

HalfCauchy::HalfCauchy(const Params& params)
    : Distribution(make_family<HalfCauchyFamily>(params)) {}

}  // namespace ember::distributions
