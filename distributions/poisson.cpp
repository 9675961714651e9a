#include <ember/distributions/poisson.hpp>

#include <random>

#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

struct ByRate {
  static Density<2> density(double x, double rate) {
    const double x_log_rate = x == 0 ? 0.0 : x * special::log(rate);  // 0 log 0 is 0
    const double ratio = x == 0 ? 0.0 : x / rate;
    return {x_log_rate - rate - special::lgamma_positive(x + 1), {0, ratio - 1}};
  }
};

struct ByLogRate {
  static Density<2> density(double x, double log_rate) {
    const double rate = special::exp(log_rate);
    const double product = x == 0 ? 0.0 : x * log_rate;
    return {product - rate - special::lgamma_positive(x + 1), {0, x - rate}};
  }
};

class PoissonFamily final : public KernelFamily {
 public:
  explicit PoissonFamily(const Poisson::Params& params)
      : log_rate_(one_of("Poisson", {"rate", "log_rate"}, {&params.rate, &params.log_rate}) == 1),
        parameter_(log_rate_ ? params.log_rate : params.rate) {}

  const char* name() const override { return "Poisson"; }
  std::vector<Parameter> parameters() const override {
    if (log_rate_) return {{"log_rate", parameter_, constraints::real}};
    return {{"rate", parameter_, constraints::nonnegative}};
  }
  Constraint support() const override { return constraints::nonnegative_integer; }
  Tensor mean() const override { return rate(); }
  Tensor variance() const override { return rate(); }

 private:
  Tensor rate() const { return log_rate_ ? exp(parameter_) : parameter_; }
  const Kernel& kernel() const override {
    return log_rate_ ? Elementwise<ByLogRate, 2>::kernel : Elementwise<ByRate, 2>::kernel;
  }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return draw_each(key, elements, rate(), [](detail::ElementEngine& engine, double rate) {
      // hidden elements may hold anything: they are replaced afterwards
      if (!(rate > 0) || rate == special::kInfinity) return 0.0;
      return static_cast<double>(std::poisson_distribution<std::int64_t>(rate)(engine));
    });
  }
  Real placeholder() const override { return 0; }

  bool log_rate_;
  Tensor parameter_;
};

}  // namespace

Poisson::Poisson(const Params& params) : Distribution(std::make_shared<PoissonFamily>(params)) {}

}  // namespace ember::distributions
