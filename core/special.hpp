// Special functions as short, branch-free, inlinable code, so that loops over them vectorise: exp,
// log, log1p, expm1, tanh, sigmoid, softplus, lgamma and digamma of positive arguments, and forms
// of these that do not cancel. Tested against Boost.Math over their whole range.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include <ember/core/real.hpp>

#define EMBER_INLINE [[gnu::always_inline]] inline

namespace ember::special {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kLogPi = 1.14472988584940017414342735135;
inline constexpr double kHalfLogTwoPi = 0.918938533204672741780329736406;

/// a where the condition holds, b elsewhere. By bits, because compilers make branches of conditions
/// that stay the same all through a loop, as those on uniform parameters do, and such a loop does
/// not vectorise.
EMBER_INLINE double select(bool condition, double a, double b) {
  const std::int64_t mask = -static_cast<std::int64_t>(condition);
  return std::bit_cast<double>((std::bit_cast<std::int64_t>(a) & mask) |
                               (std::bit_cast<std::int64_t>(b) & ~mask));
}

namespace parts {

// Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
inline constexpr double kRounder = 6755399441055744.0;

struct Reduced {
  double r;  // x - n log 2, |r| <= log(2) / 2
  std::int64_t n;
};

EMBER_INLINE Reduced reduce(double x) {
  const double shifted = x * std::numbers::log2e + kRounder;
  const double n = shifted - kRounder;
  double r = x - n * 6.93147180369123816490e-01;
  r -= n * 1.90821492927058770002e-10;
  // unsigned, because of x that are out of range it may overflow
  const std::uint64_t steps =
      std::bit_cast<std::uint64_t>(shifted) - std::bit_cast<std::uint64_t>(kRounder);
  return {r, static_cast<std::int64_t>(steps)};
}

// 2^n for |n| <= 1022; of others some number
EMBER_INLINE double power_of_two(std::int64_t n) {
  return std::bit_cast<double>((static_cast<std::uint64_t>(n) + 1023) << 52U);
}

// (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2: Taylor to r^11, error below 1e-17
EMBER_INLINE double exp_tail(double r) {
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double a = 1.0 / 2 + r * (1.0 / 6);
  const double b = 1.0 / 24 + r * (1.0 / 120);
  const double c = 1.0 / 720 + r * (1.0 / 5040);
  const double d = 1.0 / 40320 + r * (1.0 / 362880);
  const double e = 1.0 / 3628800 + r * (1.0 / 39916800);
  const double f = 1.0 / 479001600 + r * (1.0 / 6227020800.0);
  return (a + r2 * b) + r4 * ((c + r2 * d) + r4 * (e + r2 * f));
}

}  // namespace parts

EMBER_INLINE double exp(double x) {
  const auto [r, n] = parts::reduce(x);
  const double p = 1 + (r + r * r * parts::exp_tail(r));
  const std::int64_t half =
      n >> 1;  // two factors, so that subnormal results and the last binade come out right
  const double value = p * parts::power_of_two(half) * parts::power_of_two(n - half);
  // comparisons with NaN are false: NaN stays
  return select(x < -746, 0.0, select(x > 710, kInfinity, value));
}

/// exp(x) of x <= 0, but 0 below -708, where subnormal numbers begin: a tenth cheaper.
EMBER_INLINE double exp_of_nonpositive(double x) {
  const auto [r, n] = parts::reduce(x);
  const double p = 1 + (r + r * r * parts::exp_tail(r));
  return select(x < -708, 0.0, p * parts::power_of_two(n));
}

/// exp(x) - 1
EMBER_INLINE double expm1(double x) {
  const auto [r, n] = parts::reduce(x);
  const double p = r + r * r * parts::exp_tail(r);
  const std::int64_t half = n >> 1;
  const double s = parts::power_of_two(half);
  const double t = parts::power_of_two(n - half);
  const double large = (p + 1) * s * t;  // beyond 2^64 the 1 is nothing, and 2^n alone may overflow
  const double small = s * t * p + (s * t - 1);
  const double result = select(x > 45, select(x > 710, kInfinity, large), small);
  return select(x == 0, x, select(x < -40, -1.0, result));
}

namespace parts {

// log(x / 2^shift) for normal, positive, finite x; of others some finite number. fdlibm's e_log.c:
// x = 2^k m, sqrt(1/2) <= m < sqrt(2), s = (m - 1) / (m + 1), an even polynomial in s.
EMBER_INLINE double log_of_normal(double x, double shift = 0) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t shifted = bits - 0x3fe6a09e667f3bcdU;
  const std::int64_t k = static_cast<std::int64_t>(shifted) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52U));
  const double f = m - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  const double w = z * z;
  const double t1 = w * (3.999999999940941908e-01 +
                         w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double t2 = z * (6.666666666666735130e-01 +
                         w * (2.857142874366239149e-01 +
                              w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double half_square = 0.5 * f * f;
  // k as a double, by the rounding trick backward: vectorises without AVX-512 as well
  const double dk = std::bit_cast<double>(k + std::bit_cast<std::int64_t>(parts::kRounder)) -
                    parts::kRounder - shift;
  return dk * 6.93147180369123816490e-01 -
         ((half_square - (s * (half_square + (t1 + t2)) + dk * 1.90821492927058770002e-10)) - f);
}

// log u and what the rounding of u = 1 + x has taken from log(1 + x), to first order; NaN of NaN
EMBER_INLINE double log1p_of_normal(double u, double x) {
  return log_of_normal(u) + (x - (u - 1)) / u;
}

}  // namespace parts

EMBER_INLINE double log(double x) {
  const bool subnormal = x < 2.2250738585072014e-308;
  const double value = parts::log_of_normal(select(subnormal, x * 18014398509481984.0, x),
                                            select(subnormal, 54.0, 0.0));
  const double result = select(x > 0, value, select(x == 0, -kInfinity, kNaN));
  return select(x == kInfinity, kInfinity, result);
}

/// log(1 + x)
EMBER_INLINE double log1p(double x) {
  const double u = 1 + x;
  double result = select(u > 0, parts::log1p_of_normal(u, x), select(u == 0, -kInfinity, kNaN));
  result = select(u == 1, x, result);
  return select(x == kInfinity, kInfinity, result);
}

namespace parts {

// exp(x) - 1 of |x| <= 700: without the selections at the ends, which take a third of the time that
// a single number does
EMBER_INLINE double expm1_of_moderate(double x) {
  const auto [r, n] = parts::reduce(x);
  const double scale = parts::power_of_two(n);
  return scale * (r + r * r * parts::exp_tail(r)) + (scale - 1);
}

}  // namespace parts

EMBER_INLINE double tanh(double x) {
  const double a = std::fabs(x);
  const double t = parts::expm1_of_moderate(-2 * (20 < a ? 20 : a));
  const double y = -t / (t + 2);
  return std::copysign(y, x);
}

/// 1 / (1 + exp(-x))
EMBER_INLINE double sigmoid(double x) {
  const double e = exp(-std::fabs(x));
  const double r = 1 / (1 + e);
  return select(x < 0, e * r, r);
}

/// log(1 + exp(x))
EMBER_INLINE double softplus(double x) {
  const double e = exp(-std::fabs(x));
  const double u = 1 + e;
  const double value = select(u == 1, e, parts::log1p_of_normal(u, e));
  return select(x < 0, value, x + value);
}

namespace parts {

// log Gamma(z) - ((z - 1/2) log z - z + log(2 pi) / 2), z >= 8: Stirling's series (Abramowitz &
// Stegun 6.1.41)
EMBER_INLINE double stirling_remainder(double z) {
  const double i = 1 / z;
  const double i2 = i * i;
  return i *
         (1.0 / 12 +
          i2 *
              (-1.0 / 360 +
               i2 * (1.0 / 1260 +
                     i2 * (-1.0 / 1680 +
                           i2 * (1.0 / 1188 + i2 * (-691.0 / 360360 +
                                                    i2 * (1.0 / 156 - i2 * (3617.0 / 122400))))))));
}

// log z - digamma(z), z >= 8: the asymptotic series (Abramowitz & Stegun 6.3.18)
EMBER_INLINE double log_minus_digamma_series(double z) {
  const double i = 1 / z;
  const double i2 = i * i;
  const double series =
      i2 * (1.0 / 12 -
            i2 * (1.0 / 120 -
                  i2 * (1.0 / 252 -
                        i2 * (1.0 / 240 -
                              i2 * (1.0 / 132 - i2 * (691.0 / 32760 -
                                                      i2 * (1.0 / 12 - i2 * (3617.0 / 8160))))))));
  return 0.5 * i + series;
}

// The sum of 1 / (y + k), k = 0 .. 7, in pairs: each is (2 y + 7) / ((y + k)(y + 7 - k))
EMBER_INLINE double sum_of_eight_inverses(double y) {
  const double q = y * (y + 7);
  return (2 * y + 7) * (1 / q + 1 / (q + 6) + 1 / (q + 10) + 1 / (q + 12));
}

}  // namespace parts

/// log Gamma(x) for x > 0: the recurrence to x + 8, then Stirling's series. Accurate to 1e-14
/// max(1, |result|): relative digits are lost near 1 and 2.
EMBER_INLINE double lgamma_positive(double x) {
  const bool small = x < 8;
  const double y = select(small, x, 1.0);
  const double product = y * (y + 1) * (y + 2) * (y + 3) * (y + 4) * (y + 5) * (y + 6) * (y + 7);
  const double z = select(small, x + 8, x);
  const double stirling = (z - 0.5) * (parts::log_of_normal(z) - 1) - 0.5 + kHalfLogTwoPi +
                          parts::stirling_remainder(z);
  const double value = stirling - select(small, log(product), 0.0);
  return select(x == kInfinity, kInfinity, value);
}

/// d/dx log Gamma(x) for x > 0: the recurrence to x + 8, then the asymptotic series. Accurate to
/// 2e-15 max(1, |result|).
EMBER_INLINE double digamma_positive(double x) {
  const bool small = x < 8;
  const double y = select(small, x, 1.0);
  const double sum = parts::sum_of_eight_inverses(y);
  const double z = select(small, x + 8, x);
  const double value =
      parts::log_of_normal(z) - parts::log_minus_digamma_series(z) - select(small, sum, 0.0);
  return select(x == kInfinity, kInfinity, value);
}

/// log(1 + w^2) and its derivative, also where w^2 would overflow.
struct LogSquare {
  double value, slope;
};
EMBER_INLINE LogSquare log1p_square(double w) {
  const double a = std::fabs(w);
  const bool far = a > 1e8;  // w^2 swallows the 1
  const double square = select(far, 0.0, w * w);
  const double u = 1 + square;
  const double logarithm = parts::log_of_normal(select(far, a, u));
  const double inverse = 1 / select(far, w, u);
  const double near = logarithm + (square - (u - 1)) * inverse;
  return {select(far, select(a == kInfinity, kInfinity, 2 * logarithm), near),
          2 * inverse * select(far, 1.0, w)};
}

/// log Gamma, digamma and trigamma for every real argument, one at a time (Boost.Math).
double lgamma(double x);
double digamma(double x);
double trigamma(double x);
/// The standard normal distribution function and its inverse.
double normal_cdf(double x);
double normal_quantile(double p);

}  // namespace ember::special
