#include <ember/distributions/normal.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Normal::Params, loc, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kNormalParameters =
    reflect::table<Normal::Params>({{Kind::real}, reflect::shown(Kind::positive)});

class NormalFamily final : public KernelFamily {
 public:
  explicit NormalFamily(const Normal::Params& params)
      : KernelFamily(Normal::kInfo, reflect::values(params)) {}

  static constexpr bool kIsArithmetic = true;  // given the scale
  static Density<3> density(double x, double loc, double scale) {
    const double inverse = 1 / scale;
    const double constant = special::log(scale) + special::kHalfLogTwoPi;
    const double z = (x - loc) * inverse;
    const double square = z * z;
    const double pull = z * inverse;
    return {-0.5 * square - constant, {-pull, pull, square * inverse - inverse}};
  }

  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return expand(loc(), batch_shape()); }
  Tensor variance() const override { return expand(square(scale()), batch_shape()); }
  Tensor entropy() const override {
    return expand(log(scale()), batch_shape()) + (0.5 + special::kHalfLogTwoPi);
  }
  Tensor cdf(const Tensor& x) const override { return normal_cdf((x - loc()) / scale()); }
  Tensor icdf(const Tensor& p) const override { return loc() + scale() * normal_quantile(p); }

 private:
  const Tensor& loc() const { return parameter(0); }
  const Tensor& scale() const { return parameter(1); }
  const Kernel& kernel() const override { return Elementwise<NormalFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return loc() + scale() * detail::standard_normal(key, elements);
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Normal::kInfo{"Normal", kNormalParameters, &reflect::make<Normal>};

Normal::Normal(const Params& params) : Distribution(make_family<NormalFamily>(params)) {}

}  // namespace ember::distributions
