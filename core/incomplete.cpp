#include <ember/core/incomplete.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <ember/core/boost_policy.hpp>
#include <ember/core/gamma_forms.hpp>

namespace ember::special {
namespace {

// Boost.Math asserts, where it is compiled with assertions, that what it gets are numbers.
template <class... T>
bool has_nan(T... x) {
  return (... || std::isnan(x));
}

// From here on F is a normal number's, corrected: Boost.Math takes long and loses digits.
constexpr double kLarge = 1e6;

// Phi(z) + phi(z) correction, where z^2 / 2 is the deviance and z has the sign of `side`: the
// leading terms of uniform expansions, whose correction is about 1 / z - 1 / t of the standardised
// t.
double corrected_normal(double deviance, double side, double correction) {
  return 0.5 * std::erfc(std::copysign(std::sqrt(deviance), -side)) +
         correction * exp(-deviance - kHalfLogTwoPi);
}

bool is_near(double k, double rate) { return rate > 0.7 * k && rate < 1.4 * k; }

// N. M. Temme, The asymptotic expansion of the incomplete gamma functions, SIAM Journal on
// Mathematical Analysis 10, 1979; DLMF 8.12. `side` is 1 for P, -1 for Q.
double large_gamma(double a, double x, double side) {
  if (!is_near(a, x)) return (x < a) == (side > 0) ? 0 : 1;
  const double deviance = parts::near_deviance(a, x);
  const double h = std::copysign(std::sqrt(2 * deviance / a), x - a);
  const double c0 =
      -1.0 / 3 +
      h * (1.0 / 12 + h * (-2.0 / 135 + h * (1.0 / 864 + h * (1.0 / 2835 - h * 139.0 / 777600))));
  const double c1 = -1.0 / 540 - h / 288;
  return corrected_normal(deviance, side * (x - a), -side * (c0 + c1 / a) / std::sqrt(a));
}

// The same of the incomplete beta function, both of whose parameters are large: DLMF 8.18(ii).
double large_beta(double a, double b, double x, double y) {
  const double n = a + b;
  const double distance = a < b ? n * x - a : b - n * y;
  if (!is_near(a, n * x) || !is_near(b, n * y)) return distance < 0 ? 0 : 1;
  const double deviance = parts::near_deviance(a, n * x) + parts::near_deviance(b, n * y);
  const double curvature = n / a / b;
  const double t = distance * std::sqrt(curvature);
  double correction;
  if (std::abs(t) < 0.1) {
    const double skew = (b - a) / n;
    correction = skew * std::sqrt(curvature) / 3 - (skew * skew * curvature / 12 + 0.25 / n) * t;
  } else {
    correction = 1 / std::copysign(std::sqrt(2 * deviance), t) - 1 / t;
  }
  return corrected_normal(deviance, t, correction);
}

// The logarithm of F(v) / p, and its slope.
struct LogRatio {
  double value, slope;
};
LogRatio log_ratio(double f, double p, double log_density) {
  const double ratio = f / p;
  return {ratio < kInfinity ? std::log(ratio) : std::log(f) - std::log(p), exp(log_density) / f};
}

// The v of F(v) = p by Newton's method on log F: where log F is concave it comes up to the root
// from below, after one step from anywhere.
template <class F>
double solve(double v, F ratio_at) {
  constexpr int kSteps = 100;
  for (int i = 0; i < kSteps; ++i) {
    const LogRatio ratio = ratio_at(v);
    const double next = v - ratio.value / ratio.slope;
    if (!std::isfinite(next)) return v;
    const bool is_done = std::abs(ratio.value) < 1e-8 || next == v;
    v = next;
    if (is_done) break;
  }
  return v;
}

// log(x^a y^b / B(a, b)), the density of log(x / y)
double log_odds_density(double a, double b, double log_odds) {
  const double n = a + b;
  const double log_n = std::log(n);
  const double log_x = -softplus(-log_odds), log_y = -softplus(log_odds);
  return log_poisson(a, n * exp(log_x), log_n + log_x) +
         log_poisson(b, n * exp(log_y), log_n + log_y) - log_poisson_mode(n) + std::log(a) +
         std::log(b) - log_n;
}

// log(x / y) where (x / y)^a / (a B(a, b)) = p: this is I_x(a, b) where x is small, larger
// elsewhere.
double log_odds_near_zero(double a, double b, double p) {
  const double mean = std::log(a) - std::log(b);
  const double log_beta = -a * softplus(-mean) - b * softplus(mean) - log_odds_density(a, b, mean);
  return (std::log(p) + std::log(a) + log_beta) / a;
}

// log(x / y) of I_x(a, b) = p, where p is at most one half. A tail that is too small for a double
// is its density over the slope of that one's logarithm.
double lower_log_odds(double a, double b, double p, double near_zero) {
  const double near_mean =
      std::log(a) - std::log(b) + normal_quantile(p) * std::sqrt(1 / a + 1 / b);
  return solve(std::max(near_zero, near_mean), [=](double v) -> LogRatio {
    const double x = sigmoid(v), y = sigmoid(-v);
    const double log_density = log_odds_density(a, b, v);
    const double f = beta_p(a, b, x, y);
    if (f > 1e-307) return log_ratio(f, p, log_density);
    const double rise = a * y - b * x;
    return {log_density - std::log(rise) - std::log(p), rise};
  });
}

// The same of any p = 1 - q. Where x is so small that y is 1, log I_x is a straight line.
double quantile_log_odds(double a, double b, double p, double q) {
  if (p == 0 || q == 0) return p == 0 ? -kInfinity : kInfinity;
  const double negligible = std::log(1e-17) - std::log(a + b);
  const double lower = log_odds_near_zero(a, b, p), upper = log_odds_near_zero(b, a, q);
  if (lower < negligible) return lower;
  if (upper < negligible) return -upper;
  return p <= q ? lower_log_odds(a, b, p, lower) : -lower_log_odds(b, a, q, upper);
}

// The quantile of a large Gamma(a, 1), from the first terms of its expansion on (Cornish and
// Fisher).
double large_gamma_quantile(double a, double p) {
  const double z = normal_quantile(p);
  const double root = std::sqrt(a);
  const double start = a + root * z + (z * z - 1) / 3 + z * (z * z - 7) / (36 * root);
  const double side = p <= 0.5 ? 1 : -1;
  const double tail = p <= 0.5 ? p : 1 - p;
  return solve(start, [=](double x) -> LogRatio {
    const double log_x = std::log(x);
    const double log_density = log_poisson(a, x, log_x) + std::log(a) - log_x;
    const LogRatio ratio = log_ratio(large_gamma(a, x, side), tail, log_density);
    return {ratio.value, side * ratio.slope};
  });
}

}  // namespace

double gamma_p(double a, double x) {
  if (has_nan(a, x)) return kNaN;
  if (x == kInfinity) return 1;
  return a > kLarge ? large_gamma(a, x, 1) : boost::math::gamma_p(a, x, BoostPolicy());
}

double gamma_q(double a, double x) {
  if (has_nan(a, x)) return kNaN;
  if (x == kInfinity) return 0;
  return a > kLarge ? large_gamma(a, x, -1) : boost::math::gamma_q(a, x, BoostPolicy());
}

double gamma_quantile(double a, double p) {
  if (has_nan(a, p)) return kNaN;
  if (p == 0 || p == 1) return p == 0 ? 0 : kInfinity;
  return a > kLarge ? large_gamma_quantile(a, p) : boost::math::gamma_p_inv(a, p, BoostPolicy());
}

double beta_p(double a, double b, double x, double y) {
  if (has_nan(a, b, x, y)) return kNaN;
  if (std::min(a, b) > kLarge) return large_beta(a, b, x, y);
  return x < y ? boost::math::ibeta(a, b, x, BoostPolicy())
               : boost::math::ibetac(b, a, y, BoostPolicy());
}

double beta_quantile(double a, double b, double p) {
  if (has_nan(a, b, p)) return kNaN;
  return sigmoid(quantile_log_odds(a, b, p, 1 - p));
}

// P(|T| > |t|) = I_x(df / 2, 1 / 2), x = df / (df + t^2) = 1 / (1 + w^2).
double student_t_cdf(double df, double t) {
  const double w = std::abs(t) / std::sqrt(df);
  double tail;
  if (w > 1e100) {  // x^(df / 2) / (df / 2 B(df / 2, 1 / 2)), whose x may be too small for a double
    const double step = lgamma_half_step(0.5 * df).value;
    tail = 0.5 * exp(step - 0.5 * (log(0.5 * df) + kLogPi) - df * log(w));
  } else {
    const double x = 1 / (1 + w * w);
    tail = 0.5 * beta_p(0.5 * df, 0.5, x, w * w * x);
  }
  return t < 0 ? tail : 1 - tail;
}

// t^2 = df y / x, x and y as above.
double student_t_quantile(double df, double p) {
  if (has_nan(df, p)) return kNaN;
  const double log_odds =
      quantile_log_odds(0.5 * df, 0.5, 2 * std::min(p, 1 - p), std::abs(1 - 2 * p));
  const double t = std::sqrt(df) * std::exp(-0.5 * log_odds);
  return p < 0.5 ? -t : t;
}

}  // namespace ember::special
