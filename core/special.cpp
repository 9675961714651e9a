#include <ember/core/special.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

#include <ember/core/boost_policy.hpp>

namespace ember::special {

double lgamma(double x) {
  if (x > 0) return lgamma_positive(x);
  if (std::isnan(x)) return x;
  if (x == std::floor(x)) return kInfinity;  // poles, and -infinity
  return boost::math::lgamma(x, BoostPolicy());
}

double digamma(double x) {
  if (x > 0) return digamma_positive(x);
  if (std::isnan(x) || x == std::floor(x)) return kNaN;
  return boost::math::digamma(x, BoostPolicy());
}

double trigamma(double x) {
  if (x == kInfinity) return 0;
  if (std::isnan(x) || (x <= 0 && x == std::floor(x))) return x <= 0 ? kInfinity : kNaN;
  return boost::math::trigamma(x, BoostPolicy());
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * p, BoostPolicy());
}

}  // namespace ember::special
