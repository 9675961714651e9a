// d log p(t) / da is T(t) - E T with T(t) = log t, so that -dF/da is the integral of (E T - T(t))
// p(t) from the lower end to x, or of (T(t) - E T) p(t) from x to the upper end. Where x lies below
// exp(E T) the first integrand has one sign, above it the second: the one without cancellation is
// taken, with t written as a function of the distance s from x in log t (Gamma) or logit t (Beta),
// where log p is concave. For small a and x in between p has its mode far from x in s: there the
// power series of F is used, whose terms have one sign.
#include <ember/core/quantile_slope.hpp>

#include <array>
#include <cmath>

#include <ember/core/gamma_forms.hpp>

namespace ember::special {
namespace {

// Nodes and weights of the integral from 0 to infinity: s = exp(v - exp(-v)) with equal steps of v
// (Takahasi and Mori, Double exponential formulas, 1974).
constexpr int kNodes = 97;
struct Rule {
  std::array<double, kNodes> s, weight;

  Rule() {
    const double step = 1.0 / 12;
    for (int i = 0; i < kNodes; ++i) {
      const double v = -3.6 + step * i;
      const auto k = static_cast<std::size_t>(i);
      s[k] = std::exp(v - std::exp(-v));
      weight[k] = step * s[k] * (1 + std::exp(-v));
    }
  }
};

// The integral of f(s) over s > 0, where f falls off on the scale of `length`.
template <class F>
double integrate(double length, F f) {
  static const Rule rule;
  const double* s = rule.s.data();
  const double* weight = rule.weight.data();
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int i = 0; i < kNodes; ++i) sum += weight[i] * f(length * s[i]);
  return length * sum;
}

// Where slope s + curvature s^2 / 2 reaches 1.
double length_of(double slope, double curvature) {
  return 2 / (slope + std::sqrt(slope * slope + 2 * curvature));
}

constexpr double kSeriesBelow = 4;  // the largest a for which the series is used
constexpr int kTerms = 500;

}  // namespace

double gamma_quantile_slope(double a, double x) {
  const double log_x = std::log(x);
  const double distance = digamma_positive(a) - log_x;  // E T - T(x)
  if (a < kSeriesBelow && distance < 0 && distance + 1 / a > 0) {
    double coefficient = 1, sum = 0;
    double psi = digamma_positive(a) + 1 / a;  // of a + n + 1
    for (int n = 0; n < kTerms; ++n) {
      const double term = coefficient * (log_x - psi);
      sum += term;
      if (std::abs(term) < 1e-17 * std::abs(sum)) break;
      psi += 1 / (a + n + 1);
      coefficient *= x / (a + n + 1);
    }
    return -x / a * sum;
  }
  if (distance >= 0) {
    return x * integrate(length_of(a - x, x),
                         [=](double s) { return (distance + s) * exp(-a * s - x * expm1(-s)); });
  }
  return x * integrate(length_of(x - a, x),
                       [=](double s) { return (s - distance) * exp(a * s - x * expm1(s)); });
}

double beta_quantile_slope(double a, double b, double x, double y) {
  const double n = a + b;
  const double log_x = x < 0.5 ? std::log(x) : std::log1p(-y);
  const double mean = digamma_positive(a) - digamma_positive(n);  // E T
  if (a < kSeriesBelow && log_x > mean && log_x < mean + 1 / a && x < 0.5) {
    double coefficient = 1, sum = 0;
    double shifted = mean + 1 / a;  // digamma(a + k + 1) - digamma(n + k)
    for (int k = 0; k < kTerms; ++k) {
      const double term = coefficient * (log_x - shifted);
      sum += term;
      if (std::abs(term) < 1e-17 * std::abs(sum)) break;
      shifted += 1 / (a + k + 1) - 1 / (n + k);
      coefficient *= x * (n + k) / (a + k + 1);
    }
    return -x * y / a * sum;
  }
  const double curvature = n * x * y;
  if (log_x <= mean) {
    return x * y * integrate(length_of(a - n * x, curvature), [=](double s) {
             const double l = log1p(x * expm1(-s));
             return (mean - log_x + s + l) * exp(-a * s - n * l);
           });
  }
  return x * y * integrate(length_of(b - n * y, curvature), [=](double s) {
           const double l = log1p(y * expm1(-s));
           return (log_x - mean - l) * exp(-b * s - n * l);
         });
}

// x = df / (df + t^2) is a quantile of Beta(df / 2, 1 / 2), and t^2 = df (1 - x) / x. Where w =
// t / sqrt(df) is small, F - 1/2 is t p(0); where it is large, F of the lower tail is a multiple
// of w^-df; where df is large and w moderate, the terms of the general form cancel, and Fisher's
// expansion z = t - (t^3 + t) / (4 df) + .. of the normal quantile in powers of 1 / df has none
// that do.
double student_t_quantile_slope(double df, double t) {
  const double w = std::abs(t) / std::sqrt(df);
  const HalfStep step = lgamma_half_step(0.5 * df);
  if (w < 1e-15) return -0.5 * t * step.slope;
  if (w > 1e100) return t / df * (0.5 * (1 - 1 / df + step.slope) - log(w));
  if (df > 1e4 && w * w < 1e-3) {
    const double u = t * t;
    const double by_df = ((u + 1) / 4 - ((13 * u + 8) * u + 3) / (48 * df) +
                          (((35 * u + 19) * u + 1) * u - 15) / (128 * df * df)) *
                         t / (df * df);
    const double by_t = 1 - (3 * u + 1) / (4 * df) + ((65 * u + 24) * u + 3) / (96 * df * df) -
                        (((245 * u + 95) * u + 3) * u - 15) / (384 * df * df * df);
    return -by_df / by_t;
  }
  const double x = 1 / (1 + w * w);
  const double y = w * w * x;
  return 0.5 * t * (1 / df - beta_quantile_slope(0.5 * df, 0.5, x, y) / (2 * x * y));
}

}  // namespace ember::special
