#include <ember/distributions/half_normal.hpp>

#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

class HalfNormalFamily final : public KernelFamily {
 public:
  explicit HalfNormalFamily(Tensor scale) : scale_(std::move(scale)) {}

  static Density<2> density(double x, double scale) {
    const double inverse = 1 / scale;
    const double z = x * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi + std::numbers::ln2,
            {-z * inverse, (z * z - 1) * inverse}};
  }

  const char* name() const override { return "HalfNormal"; }
  std::vector<Parameter> parameters() const override {
    return {{"scale", scale_, constraints::positive}};
  }
  Constraint support() const override { return constraints::nonnegative; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return scale_ * std::sqrt(2 / std::numbers::pi); }
  Tensor variance() const override { return square(scale_) * (1 - 2 / std::numbers::pi); }
  Tensor entropy() const override {
    return log(scale_) + (0.5 + special::kHalfLogTwoPi - std::numbers::ln2);
  }
  Tensor cdf(const Tensor& x) const override { return 1 - 2 * normal_cdf(-x / scale_); }
  Tensor icdf(const Tensor& p) const override { return -scale_ * normal_quantile((1 - p) * 0.5); }

 private:
  const Kernel& kernel() const override { return Elementwise<HalfNormalFamily, 2>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return scale_ * abs(detail::standard_normal(key, elements));
  }
  Real placeholder() const override { return 1; }

  Tensor scale_;
};

}  // namespace

HalfNormal::HalfNormal(const Tensor& scale)
    : Distribution(std::make_shared<HalfNormalFamily>(scale)) {}

}  // namespace ember::distributions
