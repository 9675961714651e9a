#include <ember/core/incomplete.hpp>

#include <cmath>

#include <boost/math/distributions/students_t.hpp>
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

}  // namespace

double gamma_p(double a, double x) {
  if (has_nan(a, x)) return kNaN;
  if (x == kInfinity) return 1;
  return boost::math::gamma_p(a, x, BoostPolicy());
}

double gamma_q(double a, double x) {
  if (has_nan(a, x)) return kNaN;
  if (x == kInfinity) return 0;
  return boost::math::gamma_q(a, x, BoostPolicy());
}

double gamma_quantile(double a, double p) {
  if (has_nan(a, p)) return kNaN;
  if (p == 1) return kInfinity;
  return boost::math::gamma_p_inv(a, p, BoostPolicy());
}

double beta_p(double a, double b, double x, double y) {
  if (has_nan(a, b, x, y)) return kNaN;
  return x < y ? boost::math::ibeta(a, b, x, BoostPolicy())
               : boost::math::ibetac(b, a, y, BoostPolicy());
}

double beta_quantile(double a, double b, double p) {
  if (has_nan(a, b, p)) return kNaN;
  return boost::math::ibeta_inv(a, b, p, BoostPolicy());
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

double student_t_quantile(double df, double p) {
  if (has_nan(df, p)) return kNaN;
  if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
  const boost::math::students_t_distribution<double, BoostPolicy> t(df);
  return boost::math::quantile(t, p);
}

}  // namespace ember::special
