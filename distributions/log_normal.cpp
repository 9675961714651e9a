#include <ember/distributions/log_normal.hpp>

#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

class LogNormalFamily final : public KernelFamily {
 public:
  LogNormalFamily(Tensor loc, Tensor scale) : loc_(std::move(loc)), scale_(std::move(scale)) {}

  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double log_x = special::log(x);
    const double z = (log_x - loc) * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi - log_x,
            {-(z * inverse + 1) / x, z * inverse, (z * z - 1) * inverse}};
  }

  const char* name() const override { return "LogNormal"; }
  std::vector<Parameter> parameters() const override {
    return {{"loc", loc_, constraints::real}, {"scale", scale_, constraints::positive}};
  }
  Constraint support() const override { return constraints::positive; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return exp(loc_ + 0.5 * square(scale_)); }
  Tensor variance() const override {
    return expm1(square(scale_)) * exp(2 * loc_ + square(scale_));
  }
  Tensor entropy() const override { return loc_ + log(scale_) + (0.5 + special::kHalfLogTwoPi); }
  Tensor cdf(const Tensor& x) const override { return normal_cdf((log(x) - loc_) / scale_); }
  Tensor icdf(const Tensor& p) const override { return exp(loc_ + scale_ * normal_quantile(p)); }

 private:
  const Kernel& kernel() const override { return Elementwise<LogNormalFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return exp(loc_ + scale_ * detail::standard_normal(key, elements));
  }
  Real placeholder() const override { return 1; }

  Tensor loc_, scale_;
};

}  // namespace

LogNormal::LogNormal(const Tensor& loc, const Tensor& scale)
    : Distribution(std::make_shared<LogNormalFamily>(loc, scale)) {}

}  // namespace ember::distributions
