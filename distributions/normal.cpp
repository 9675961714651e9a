#include <ember/distributions/normal.hpp>

#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

class NormalFamily final : public KernelFamily {
 public:
  NormalFamily(Tensor loc, Tensor scale) : loc_(std::move(loc)), scale_(std::move(scale)) {}

  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double z = (x - loc) * inverse;
    return {-0.5 * z * z - special::log(scale) - special::kHalfLogTwoPi,
            {-z * inverse, z * inverse, (z * z - 1) * inverse}};
  }

  const char* name() const override { return "Normal"; }
  std::vector<Parameter> parameters() const override {
    return {{"loc", loc_, constraints::real}, {"scale", scale_, constraints::positive}};
  }
  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return expand(loc_, batch_shape()); }
  Tensor variance() const override { return expand(square(scale_), batch_shape()); }
  Tensor entropy() const override {
    return expand(log(scale_), batch_shape()) + (0.5 + special::kHalfLogTwoPi);
  }
  Tensor cdf(const Tensor& x) const override { return normal_cdf((x - loc_) / scale_); }
  Tensor icdf(const Tensor& p) const override { return loc_ + scale_ * normal_quantile(p); }

 private:
  const Kernel& kernel() const override { return Elementwise<NormalFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return loc_ + scale_ * detail::standard_normal(key, elements);
  }
  Real placeholder() const override { return 0; }

  Tensor loc_, scale_;
};

}  // namespace

Normal::Normal(const Tensor& loc, const Tensor& scale)
    : Distribution(std::make_shared<NormalFamily>(loc, scale)) {}

}  // namespace ember::distributions
