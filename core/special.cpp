#include <ember/core/special.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

namespace ember::special {
namespace {

// Poles and overflow give NaN and infinity, as <cmath> does, instead of exceptions.
using Policy = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

}  // namespace

double lgamma(double x) {
  if (x > 0) return lgamma_positive(x);
  if (std::isnan(x)) return x;
  if (x == std::floor(x)) return kInfinity;  // poles, and -infinity
  return boost::math::lgamma(x, Policy());
}

double digamma(double x) {
  if (x > 0) return digamma_positive(x);
  if (std::isnan(x) || x == std::floor(x)) return kNaN;
  return boost::math::digamma(x, Policy());
}

double trigamma(double x) {
  if (x == kInfinity) return 0;
  if (std::isnan(x) || (x <= 0 && x == std::floor(x))) return x <= 0 ? kInfinity : kNaN;
  return boost::math::trigamma(x, Policy());
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * p, Policy());
}

}  // namespace ember::special
