#include <ember/distributions/exponential.hpp>

#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Exponential::Params, rate);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kExponentialParameters =
    reflect::table<Exponential::Params>({reflect::shown(Kind::positive)});

class ExponentialFamily final : public KernelFamily {
 public:
  explicit ExponentialFamily(const Exponential::Params& params)
      : KernelFamily(Exponential::kInfo, reflect::values(params)) {}

  static Density<2> density(double x, double rate) {
    return {special::log(rate) - rate * x, {-rate, 1 / rate - x}};
  }

  Constraint support() const override { return constraints::nonnegative; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return 1 / rate(); }
  Tensor variance() const override { return 1 / square(rate()); }
  Tensor entropy() const override { return 1 - log(rate()); }
  Tensor cdf(const Tensor& x) const override { return where(x < 0, 0, -expm1(-rate() * x)); }
  Tensor icdf(const Tensor& p) const override { return -log1p(-p) / rate(); }

 private:
  const Tensor& rate() const { return parameter(0); }
  const Kernel& kernel() const override { return Elementwise<ExponentialFamily, 2>::kernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return icdf(detail::standard_uniform(key, elements));
  }
  Tensor placeholder() const override { return 1; }
};

}  // namespace

constinit const FamilyInfo Exponential::kInfo{"Exponential", kExponentialParameters,
                                              &reflect::make<Exponential>};

Exponential::Exponential(const Params& params)
    : Distribution(make_family<ExponentialFamily>(params)) {}

}  // namespace ember::distributions
