#include <ember/distributions/gamma_draw.hpp>

#include <algorithm>

#include <ember/core/quantile_slope.hpp>
#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

constexpr double kSmallest = std::numeric_limits<Real>::min();
constexpr double kBelowOne = 1 - std::numeric_limits<Real>::epsilon() / 2;

double normal_number(detail::ElementEngine& engine) {
  const double radius = std::sqrt(-2 * std::log(engine.uniform()));
  return radius * std::cos(2 * std::numbers::pi * engine.uniform());
}

// x = exp(log_number) / rate
struct GammaDraw {
  static Density<3> density(double log_number, double a, double rate) {
    const double number = std::max(std::exp(log_number), kSmallest);
    const double x = std::max(number / rate, kSmallest);
    return {x, {0, special::gamma_quantile_slope(a, number) / rate, -x / rate}};
  }
};

// x = g1 / (g1 + g0) of gamma numbers, with log_odds = log(g1 / g0)
struct BetaDraw {
  static Density<3> density(double log_odds, double a, double b) {
    const double x = std::clamp(special::sigmoid(log_odds), kSmallest, kBelowOne);
    const double y = std::clamp(special::sigmoid(-log_odds), kSmallest, 1.0);
    return {
        x,
        {0, special::beta_quantile_slope(a, b, x, y), -special::beta_quantile_slope(b, a, y, x)}};
  }
};

// The logarithm of a gamma number itself. Where the number is too small for a Real it is
// (u Gamma(a + 1))^(1 / a), u the probability.
struct LogGammaDraw {
  static Density<2> density(double log_number, double a) {
    const double number = std::exp(log_number);
    const double slope = number > kSmallest ? special::gamma_quantile_slope(a, number) / number
                                            : (special::digamma_positive(a + 1) - log_number) / a;
    return {log_number, {0, slope}};
  }
};

}  // namespace

double log_gamma_number(detail::ElementEngine& engine, double concentration) {
  if (!(concentration > 0) || concentration == special::kInfinity) return 0;
  if (concentration < 1) {
    const double power = std::log(engine.uniform()) / concentration;
    return log_gamma_number(engine, concentration + 1) + power;
  }
  const double d = concentration - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal_number(engine);
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double log_v = std::log(v);
    if (std::log(engine.uniform()) < 0.5 * x * x + d * (1 - v + log_v)) return std::log(d) + log_v;
  }
}

Tensor gamma_draw(detail::RandomKey key, const Shape& elements, const Tensor& concentration,
                  const Tensor& rate) {
  const Tensor logs = draw_each(key, elements, std::array{concentration}, log_gamma_number);
  return pointwise<GammaDraw, 3>({logs, concentration, rate}, elements);
}

Tensor beta_draw(detail::RandomKey key, const Shape& elements, const Tensor& a, const Tensor& b) {
  const Tensor log_odds = draw_each(key, elements, std::array{a, b},
                                    [](detail::ElementEngine& engine, double one, double zero) {
                                      const double log_one = log_gamma_number(engine, one);
                                      return log_one - log_gamma_number(engine, zero);
                                    });
  return pointwise<BetaDraw, 3>({log_odds, a, b}, elements);
}

Tensor dirichlet_draw(detail::RandomKey key, const Shape& elements, const Tensor& concentration) {
  const Shape shape = concatenate(elements, Shape{concentration.shape().from_right(1)});
  const Tensor logs = draw_each(key, shape, std::array{concentration}, log_gamma_number);
  const Tensor x = softmax(pointwise<LogGammaDraw, 2>({logs, concentration}, shape), -1);
  return where(x < kSmallest, kSmallest, x);
}

}  // namespace ember::distributions
