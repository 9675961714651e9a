#include <ember/core/special.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

#include <ember/core/boost_policy.hpp>
#include <ember/core/gamma_forms.hpp>

namespace ember::special {

// clang-format off
constinit const std::array<double, 64> kLogFactorials{
    0, 0, 0.6931471805599453, 1.791759469228055, 3.1780538303479458, 4.787491742782046,
    6.579251212010101, 8.525161361065415, 10.60460290274525, 12.801827480081469,
    15.104412573075516, 17.502307845873887, 19.987214495661885, 22.552163853123425,
    25.19122118273868, 27.89927138384089, 30.671860106080672, 33.50507345013689,
    36.39544520803305, 39.339884187199495, 42.335616460753485, 45.38013889847691,
    48.47118135183523, 51.60667556776438, 54.78472939811232, 58.00360522298052, 61.261701761002,
    64.55753862700634, 67.88974313718154, 71.25703896716801, 74.65823634883016, 78.0922235533153,
    81.55795945611504, 85.05446701758152, 88.58082754219768, 92.1361756036871, 95.7196945421432,
    99.33061245478743, 102.96819861451381, 106.63176026064346, 110.32063971475739,
    114.0342117814617, 117.77188139974507, 121.53308151543864, 125.3172711493569,
    129.12393363912722, 132.95257503561632, 136.80272263732635, 140.67392364823425,
    144.5657439463449, 148.47776695177302, 152.40959258449735, 156.3608363030788,
    160.3311282166309, 164.32011226319517, 168.32744544842765, 172.3527971391628,
    176.39584840699735, 180.45629141754378, 184.53382886144948, 188.6281734236716,
    192.7390472878449, 196.86618167289, 201.00931639928152};
// clang-format on

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
