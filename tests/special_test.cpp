// core/special.hpp and core/gamma_forms.hpp against wider arithmetic: std:: in long double, and
// Boost.Math where std has nothing. Errors are counted in units of the last place of the true
// value.
#include <ember/core/gamma_forms.hpp>
#include <ember/core/special.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

#include <cmath>
#include <random>

#include "catch.hpp"

using namespace ember;
using Wide = long double;

namespace {

constexpr double kSmallest = std::numeric_limits<double>::denorm_min();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kPoints = 20000;

bool is_quiet_nan(double x) { return std::isnan(x); }

double unit_in_last_place(Wide value) {
  const auto x = static_cast<double>(std::fabs(value));
  return std::max(std::nextafter(x, special::kInfinity) - x, kSmallest);
}

// |got - expected| in units of the last place; 0 where both are the same infinity or NaN.
double error_in_units(double got, Wide expected) {
  if (std::isnan(got) && std::isnan(expected)) return 0;
  const auto rounded = static_cast<double>(expected);
  if (std::isinf(rounded) || std::isinf(got)) return got == rounded ? 0 : special::kInfinity;
  return static_cast<double>(std::fabs(static_cast<Wide>(got) - expected)) /
         unit_in_last_place(expected);
}

// Points of an interval: evenly spread, or evenly in the logarithm (of the distance from 0).
std::vector<double> evenly(double low, double high) {
  std::mt19937_64 engine(1);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<double> points{low, high};
  for (int i = 0; i < kPoints; ++i) points.push_back(uniform(engine));
  return points;
}

std::vector<double> in_logarithm(double low, double high) {
  std::vector<double> points = evenly(std::log(low), std::log(high));
  for (double& x : points) x = std::exp(x);
  return points;
}

template <class F, class G>
void check_units(const std::vector<double>& points, double bound, F f, G reference) {
  double worst = 0;
  double where = 0;
  for (double x : points) {
    const double error = error_in_units(f(x), reference(static_cast<Wide>(x)));
    if (!(error <= worst)) {
      worst = error;
      where = x;
    }
  }
  INFO("worst at " << where);
  CHECK(worst <= bound);
}

// The error as a multiple of epsilon times scale(x), for functions that lose digits near a zero.
template <class F, class G, class S>
void check_scaled(const std::vector<double>& points, double bound, F f, G reference, S scale) {
  double worst = 0;
  double where = 0;
  for (double x : points) {
    const Wide expected = reference(static_cast<Wide>(x));
    const double error = static_cast<double>(std::fabs(static_cast<Wide>(f(x)) - expected)) /
                         (kEpsilon * scale(x, static_cast<double>(std::fabs(expected))));
    if (!(error <= worst)) {
      worst = error;
      where = x;
    }
  }
  INFO("worst at " << where);
  CHECK(worst <= bound);
}

}  // namespace

TEST_CASE("exp and expm1") {
  const auto exp_wide = [](Wide x) { return std::exp(x); };
  const auto expm1_wide = [](Wide x) { return std::expm1(x); };
  check_units(evenly(-708, 709.78), 1, special::exp, exp_wide);
  check_units(evenly(-745.2, -708), 1, special::exp, exp_wide);  // subnormal results
  check_units(in_logarithm(1e-300, 1), 1, special::exp, exp_wide);
  check_units(evenly(-800, -745.2), 0, special::exp, [](Wide) { return Wide{0}; });
  check_units(evenly(-60, 709.78), 2, special::expm1, expm1_wide);
  check_units(evenly(-1, 1), 2, special::expm1, expm1_wide);
  check_units(in_logarithm(1e-320, 1), 2, special::expm1, expm1_wide);
  check_units(
      in_logarithm(1e-320, 1), 2, [](double x) { return special::expm1(-x); },
      [](Wide x) { return std::expm1(-x); });

  check_units(evenly(-708, 0), 1, special::exp_of_nonpositive, exp_wide);
  check_units(evenly(-800, -708.01), 0, special::exp_of_nonpositive, [](Wide) { return Wide{0}; });
  CHECK(special::exp_of_nonpositive(0) == 1);
  CHECK(special::exp_of_nonpositive(-1e300) == 0);
  CHECK(special::exp_of_nonpositive(-special::kInfinity) == 0);
  CHECK(is_quiet_nan(special::exp_of_nonpositive(special::kNaN)));

  CHECK(special::exp(0) == 1);
  CHECK(special::exp(709.79) == special::kInfinity);
  CHECK(special::exp(special::kInfinity) == special::kInfinity);
  CHECK(special::exp(-special::kInfinity) == 0);
  CHECK(special::exp(-745.13) == kSmallest);
  CHECK(is_quiet_nan(special::exp(special::kNaN)));
  CHECK(special::expm1(special::kInfinity) == special::kInfinity);
  CHECK(special::expm1(-special::kInfinity) == -1);
  CHECK(std::signbit(special::expm1(-0.0)));
  CHECK(is_quiet_nan(special::expm1(special::kNaN)));
}

TEST_CASE("log and log1p") {
  const auto log_wide = [](Wide x) { return std::log(x); };
  const auto log1p_wide = [](Wide x) { return std::log1p(x); };
  check_units(in_logarithm(1e-307, 1e308), 1, special::log, log_wide);
  check_units(in_logarithm(1e-323, 1e-307), 1, special::log, log_wide);  // subnormal arguments
  check_units(evenly(0.5, 2), 1, special::log, log_wide);
  check_units(evenly(-0.999, 3), 2, special::log1p, log1p_wide);
  check_units(in_logarithm(1e-320, 1e308), 2, special::log1p, log1p_wide);
  check_units(
      in_logarithm(1e-320, 0.9999), 2, [](double x) { return special::log1p(-x); },
      [](Wide x) { return std::log1p(-x); });

  CHECK(special::log(1) == 0);
  CHECK(special::log(0) == -special::kInfinity);
  CHECK(special::log(-0.0) == -special::kInfinity);
  CHECK(special::log(special::kInfinity) == special::kInfinity);
  CHECK(is_quiet_nan(special::log(-1)));
  CHECK(is_quiet_nan(special::log(-kSmallest)));
  CHECK(is_quiet_nan(special::log(-special::kInfinity)));
  CHECK(is_quiet_nan(special::log(special::kNaN)));
  CHECK(error_in_units(special::log(kSmallest), std::log(static_cast<Wide>(kSmallest))) <= 1);
  CHECK(error_in_units(special::log(kLargest), std::log(static_cast<Wide>(kLargest))) <= 1);
  CHECK(special::log1p(-1) == -special::kInfinity);
  CHECK(special::log1p(special::kInfinity) == special::kInfinity);
  CHECK(is_quiet_nan(special::log1p(-1.5)));
  CHECK(is_quiet_nan(special::log1p(special::kNaN)));
}

TEST_CASE("tanh, sigmoid and softplus") {
  const auto tanh_wide = [](Wide x) { return std::tanh(x); };
  const auto sigmoid_wide = [](Wide x) { return 1 / (1 + std::exp(-x)); };
  const auto softplus_wide = [](Wide x) {
    return std::max(x, Wide{0}) + std::log1p(std::exp(-std::fabs(x)));
  };
  check_units(evenly(-25, 25), 3, special::tanh, tanh_wide);
  check_units(in_logarithm(1e-320, 1), 3, special::tanh, tanh_wide);
  check_units(evenly(-745, 40), 3, special::sigmoid, sigmoid_wide);
  check_units(evenly(-745, 800), 2, special::softplus, softplus_wide);
  check_units(evenly(-5, 5), 2, special::softplus, softplus_wide);

  CHECK(special::tanh(special::kInfinity) == 1);
  CHECK(special::tanh(-special::kInfinity) == -1);
  CHECK(is_quiet_nan(special::tanh(special::kNaN)));
  CHECK(special::sigmoid(0) == 0.5);
  CHECK(special::sigmoid(special::kInfinity) == 1);
  CHECK(special::sigmoid(-special::kInfinity) == 0);
  CHECK(is_quiet_nan(special::sigmoid(special::kNaN)));
  CHECK(special::softplus(special::kInfinity) == special::kInfinity);
  CHECK(special::softplus(-special::kInfinity) == 0);
  CHECK(special::softplus(kLargest) == kLargest);
  CHECK(is_quiet_nan(special::softplus(special::kNaN)));
}

TEST_CASE("lgamma") {
  const auto reference = [](Wide x) { return boost::math::lgamma(x); };
  const auto scale = [](double, double expected) { return std::max(expected, 1.0); };
  for (const auto& points :
       {in_logarithm(1e-310, 1e305), evenly(0.01, 20), in_logarithm(3, 1e6), evenly(0.9, 2.1)}) {
    check_scaled(points, 40, special::lgamma_positive, reference, scale);
    check_scaled(points, 40, special::lgamma, reference, scale);
  }
  check_scaled(evenly(-29.9, -1e-3), 10, special::lgamma, reference, scale);
  CHECK(special::lgamma(kLargest) == special::kInfinity);
  CHECK(special::lgamma(special::kInfinity) == special::kInfinity);
  CHECK(special::lgamma(-special::kInfinity) == special::kInfinity);
  for (double pole : {0.0, -1.0, -17.0, -1e300}) CHECK(special::lgamma(pole) == special::kInfinity);
  CHECK(is_quiet_nan(special::lgamma(special::kNaN)));
  CHECK(is_quiet_nan(special::lgamma_positive(special::kNaN)));
}

TEST_CASE("digamma and trigamma") {
  const auto digamma_wide = [](Wide x) { return boost::math::digamma(x); };
  const auto trigamma_wide = [](Wide x) { return boost::math::trigamma(x); };
  const auto scale = [](double, double expected) { return std::max(expected, 1.0); };
  for (const auto& points : {in_logarithm(1e-300, 1e300), evenly(0.01, 20), evenly(1.4, 1.5)}) {
    check_scaled(points, 10, special::digamma_positive, digamma_wide, scale);
    check_scaled(points, 10, special::digamma, digamma_wide, scale);
  }
  // Near a pole the argument's own rounding shows: x digamma'(x) epsilon.
  check_scaled(evenly(-9.9, -1e-3), 10, special::digamma, digamma_wide,
               [](double x, double expected) {
                 return std::max(expected, 1.0) + std::fabs(x) * boost::math::trigamma(x);
               });
  check_units(in_logarithm(1e-150, 1e300), 3, special::trigamma, trigamma_wide);
  check_units(evenly(-9.9, -1e-3), 8, special::trigamma, trigamma_wide);
  CHECK(special::digamma(special::kInfinity) == special::kInfinity);
  CHECK(special::trigamma(special::kInfinity) == 0);
  CHECK(special::trigamma(-3) == special::kInfinity);
  CHECK(special::trigamma(kSmallest) == special::kInfinity);
  CHECK(special::digamma(kSmallest) == -special::kInfinity);
  CHECK(is_quiet_nan(special::digamma(-3)));
  CHECK(is_quiet_nan(special::digamma(-special::kInfinity)));
  CHECK(is_quiet_nan(special::digamma(special::kNaN)));
  CHECK(is_quiet_nan(special::trigamma(special::kNaN)));
}

TEST_CASE("forms that do not cancel") {
  check_units(in_logarithm(1e-300, 1e300), 24, special::log_minus_digamma, [](Wide x) {
    if (x < 50) return std::log(x) - boost::math::digamma(x);
    const Wide i = 1 / (x * x);
    return 1 / (2 * x) + i * (1.0L / 12 - i * (1.0L / 120 - i * (1.0L / 252 - i / 240)));
  });
  const auto half_step = [](Wide h) {
    if (h < 100) return boost::math::lgamma(h + 0.5L) - boost::math::lgamma(h) - std::log(h) / 2;
    const Wide i = 1 / (h * h);
    return (-1.0L / 8 + i * (1.0L / 192 - i * (1.0L / 640 - i * 17 / 14336))) / h;
  };
  const auto half_step_slope = [](Wide h) {
    if (h < 100) return boost::math::digamma(h + 0.5L) - boost::math::digamma(h) - 1 / (2 * h);
    const Wide i = 1 / (h * h);
    return i * (1.0L / 8 - i * (1.0L / 64 - i * (1.0L / 128 - i * 17 / 2048)));
  };
  const auto absolute = [](double h, double expected) {
    return std::max(expected, std::min(1.0, 1 / h));
  };
  const std::vector<double> points = in_logarithm(1e-200, 1e100);
  check_scaled(
      points, 30, [](double h) { return special::lgamma_half_step(h).value; }, half_step, absolute);
  check_scaled(
      points, 30, [](double h) { return special::lgamma_half_step(h).slope; }, half_step_slope,
      absolute);
  const std::vector<double> sides = in_logarithm(1e-160, 1e300);
  check_units(
      sides, 4, [](double w) { return special::log1p_square(-w).value; },
      [](Wide w) { return std::log1p(w * w); });
  check_units(
      sides, 4, [](double w) { return special::log1p_square(w).slope; },
      [](Wide w) { return 2 * w / (1 + w * w); });
}

TEST_CASE("Poisson probabilities of real arguments") {
  // What may be lost: digits of log(k) where k and the rate are near, of k log(k) where they are
  // far apart.
  for (const double ratio : {1e-200, 1e-3, 0.5, 0.72, 0.999, 1.0, 1.0001, 1.38, 1.42, 3.0, 1e3}) {
    INFO(ratio);
    const bool is_near = ratio > 0.7 && ratio < 1.4;
    check_scaled(
        in_logarithm(1e-100, 1e15), 40,
        [=](double k) { return special::log_poisson(k, k * ratio, std::log(k * ratio)); },
        [=](Wide k) {
          const Wide rate = static_cast<double>(k) * ratio;
          if (k < 30) return k * std::log(rate) - rate - boost::math::lgamma(k + 1);
          const Wide i = 1 / (k * k);
          const Wide remainder =
              (1.0L / 12 - i * (1.0L / 360 - i * (1.0L / 1260 - i * (1.0L / 1680 - i / 1188)))) / k;
          const Wide t = (rate - k) / k;
          const Wide deviance = k * (t - (is_near ? std::log1p(t) : std::log(rate / k)));
          return -std::log(2 * std::acos(-1.0L) * k) / 2 - remainder - deviance;
        },
        [=](double k, double expected) {
          const double lost = std::fabs(std::log(k)) * (is_near ? std::min(k, 30.0) : k);
          return std::max({1.0, expected, lost, std::fabs(k * std::log(ratio))});
        });
  }
  CHECK(special::log_poisson(0, 3, std::log(3.0)) == Approx(-3));
  CHECK(std::fabs(special::log_poisson(0, 0, -special::kInfinity)) < 1e-14);
  CHECK(special::log_poisson(2, 0, -special::kInfinity) == -special::kInfinity);
  CHECK(special::log_poisson(20, 0, -special::kInfinity) == -special::kInfinity);
  CHECK(is_quiet_nan(special::log_poisson(special::kNaN, 1, 0)));
  CHECK(is_quiet_nan(special::log_poisson(3, special::kNaN, special::kNaN)));
}

TEST_CASE("factorials from a table") {
  for (int k = 0; k < 256; ++k) {
    INFO(k);
    const Wide expected = boost::math::lgamma(static_cast<Wide>(k) + 1);
    CHECK(special::has_log_factorial(k));
    CHECK(std::fabs(special::log_factorial(k) - expected) <= 1.12e-16 * expected);
    CHECK(special::log_poisson_of_few(k, 3.5, std::log(3.5)) ==
          Approx(special::log_poisson(k, 3.5, std::log(3.5))).epsilon(1e-14));
    const double near = k + 0.5;  // what is left is small
    CHECK(std::fabs(special::log_poisson_of_few(k, near, std::log(near)) -
                    special::log_poisson(k, near, std::log(near))) < 3e-13);
  }
  for (const double k : {-1.0, 0.5, 62.5, 256.0, 1e300, special::kInfinity, special::kNaN}) {
    INFO(k);
    CHECK_FALSE(special::has_log_factorial(k));
  }
  CHECK(special::log_poisson_of_few(0, 0, -special::kInfinity) == 0);
  CHECK(special::log_poisson_of_few(2, 0, -special::kInfinity) == -special::kInfinity);
  CHECK(is_quiet_nan(special::log_poisson_of_few(3, special::kNaN, special::kNaN)));
}

TEST_CASE("the normal distribution function and its inverse") {
  const auto cdf_wide = [](Wide x) { return boost::math::erfc(-x / std::sqrt(Wide{2})) / 2; };
  const auto quantile_wide = [](Wide p) {
    return -std::sqrt(Wide{2}) * boost::math::erfc_inv(2 * p);
  };
  // The rounding of x / sqrt(2) shows in the tail: x^2 epsilon.
  check_scaled(evenly(-37, 9), 2, special::normal_cdf, cdf_wide,
               [](double x, double expected) { return (1 + x * x) * expected; });
  check_units(in_logarithm(1e-300, 0.5), 4, special::normal_quantile, quantile_wide);
  check_units(evenly(0.001, 0.999), 4, special::normal_quantile, quantile_wide);
  for (double p : {1e-310, 1e-20, 0.3, 0.5, 0.99}) {
    CHECK(special::normal_cdf(special::normal_quantile(p)) == Approx(p).epsilon(1e-12));
  }
  CHECK(special::normal_cdf(special::kInfinity) == 1);
  CHECK(special::normal_cdf(-special::kInfinity) == 0);
  CHECK(special::normal_quantile(0) == -special::kInfinity);
  CHECK(special::normal_quantile(1) == special::kInfinity);
  CHECK(is_quiet_nan(special::normal_quantile(-0.1)));
  CHECK(is_quiet_nan(special::normal_quantile(1.1)));
  CHECK(is_quiet_nan(special::normal_quantile(special::kNaN)));
  CHECK(is_quiet_nan(special::normal_cdf(special::kNaN)));
}
