#include <ember/distributions/log_normal.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::LogNormal::Params, loc, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kLogNormalParameters =
    reflect::table<LogNormal::Params>({{Kind::real}, reflect::shown(Kind::positive)});

class LogNormalFamily final : public KernelFamily {
 public:
  explicit LogNormalFamily(const LogNormal::Params& params)
      : KernelFamily(LogNormal::kInfo, reflect::values(params)) {}

  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double log_x = special::log(x);
    const double z = (log_x - loc) * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi - log_x,
            {-(z * inverse + 1) / x, z * inverse, (z * z - 1) * inverse}};
  }

  Constraint support() const override { return constraints::positive; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return exp(loc() + 0.5 * square(scale())); }
  Tensor variance() const override {
    return expm1(square(scale())) * exp(2 * loc() + square(scale()));
  }
  Tensor entropy() const override { return loc() + log(scale()) + (0.5 + special::kHalfLogTwoPi); }
  Tensor cdf(const Tensor& x) const override {
    return where(x <= 0, 0, normal_cdf((log(x) - loc()) / scale()));
  }
  Tensor icdf(const Tensor& p) const override { return exp(loc() + scale() * normal_quantile(p)); }

 private:
  const Tensor& loc() const { return parameter(0); }
  const Tensor& scale() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<LogNormalFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return exp(loc() + scale() * detail::standard_normal(key, elements));
  }
  Tensor placeholder() const override { return 1; }
};

}  // namespace

constinit const FamilyInfo LogNormal::kInfo{"LogNormal", kLogNormalParameters,
                                            &reflect::make<LogNormal>};

LogNormal::LogNormal(const Params& params) : Distribution(make_family<LogNormalFamily>(params)) {}

}  // namespace ember::distributions
