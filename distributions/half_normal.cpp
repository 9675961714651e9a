#include <ember/distributions/half_normal.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::HalfNormal::Params, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kHalfNormalParameters =
    reflect::table<HalfNormal::Params>({reflect::shown(Kind::positive)});

class HalfNormalFamily final : public KernelFamily {
 public:
  explicit HalfNormalFamily(const HalfNormal::Params& params)
      : KernelFamily(HalfNormal::kInfo, reflect::values(params)) {}

  static Density<2> density(double x, double scale) {
    const double inverse = 1 / scale;
    const double z = x * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi + std::numbers::ln2,
            {-z * inverse, (z * z - 1) * inverse}};
  }

  Constraint support() const override { return constraints::nonnegative; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return scale() * std::sqrt(2 / std::numbers::pi); }
  Tensor variance() const override { return square(scale()) * (1 - 2 / std::numbers::pi); }
  Tensor entropy() const override {
    return log(scale()) + (0.5 + special::kHalfLogTwoPi - std::numbers::ln2);
  }
  Tensor cdf(const Tensor& x) const override {
    return where(x < 0, 0, 1 - 2 * normal_cdf(-x / scale()));
  }
  Tensor icdf(const Tensor& p) const override { return -scale() * normal_quantile((1 - p) * 0.5); }

 private:
  const Tensor& scale() const { return parameter(0); }
  const Kernel& kernel() const override { return Elementwise<HalfNormalFamily, 2>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return scale() * abs(detail::standard_normal(key, elements));
  }
  Tensor placeholder() const override { return 1; }
};

}  // namespace

constinit const FamilyInfo HalfNormal::kInfo{"HalfNormal", kHalfNormalParameters,
                                             &reflect::make<HalfNormal>};

HalfNormal::HalfNormal(const Params& params)
    : Distribution(make_family<HalfNormalFamily>(params)) {}

}  // namespace ember::distributions
