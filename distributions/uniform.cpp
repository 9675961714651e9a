#include <ember/distributions/uniform.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Uniform::Params, low, high);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kUniformParameters =
    reflect::table<Uniform::Params>({{Kind::real}, {Kind::greater_than}});

class UniformFamily final : public KernelFamily {
 public:
  explicit UniformFamily(const Uniform::Params& params)
      : KernelFamily(Uniform::kInfo, reflect::values(params)) {}

  static Density<3> density(double x, double low, double high) {
    const double inverse = 1 / (high - low);
    const double inside = x >= low && x <= high ? 0.0 : -special::kInfinity;
    return {inside - special::log(high - low), {0, inverse, -inverse}};
  }

  Constraint support() const override { return constraints::interval(low(), high()); }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return low() + 0.5 * (high() - low()); }
  Tensor variance() const override { return square(high() - low()) / 12; }
  Tensor entropy() const override { return log(high() - low()); }
  Tensor cdf(const Tensor& x) const override {
    const Tensor p = (x - low()) / (high() - low());
    return where(p < 0, 0, where(p > 1, 1, p));
  }
  Tensor icdf(const Tensor& p) const override { return low() + (high() - low()) * p; }

 private:
  const Tensor& low() const { return parameter(0); }
  const Tensor& high() const { return parameter(1); }
  Constraint parameter_constraint(const Parameter& p) const override {
    if (p.info->kind == Kind::greater_than) return constraints::greater_than(low());
    return p.info->kind;
  }
  const Kernel& kernel() const override { return Elementwise<UniformFamily, 3>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return icdf(detail::standard_uniform(key, elements));
  }
  Tensor placeholder() const override {
    const Tensor middle = detach(mean());
    return where(isfinite(middle), middle, 0);
  }
};

}  // namespace

constinit const FamilyInfo Uniform::kInfo{"Uniform", kUniformParameters, &reflect::make<Uniform>};

Uniform::Uniform(const Params& params) : Distribution(make_family<UniformFamily>(params)) {}

}  // namespace ember::distributions
