// Combinations of gamma functions in which large terms cancel, written so that nothing does: short,
// branch-free and inlinable as the functions of special.hpp, and tested beside them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <ember/core/special.hpp>

namespace ember::special {
namespace parts {

// rate - k - k log(rate / k) for 0.7 k <= rate <= 1.4 k: with d = rate - k, s = d / (rate + k) it
// is d - 2 k atanh(s), and d = s (2 k + d)
EMBER_INLINE double near_deviance(double k, double rate) {
  const double d = rate - k;
  const double s = 0.5 * d / (0.5 * rate + 0.5 * k);  // halves: a sum might overflow
  const double z = s * s;
  const double tail =
      1.0 / 3 +
      z * (1.0 / 5 +
           z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 +
                                              z * (1.0 / 13 +
                                                   z * (1.0 / 15 +
                                                        z * (1.0 / 17 +
                                                             z * (1.0 / 19 + z * (1.0 / 21)))))))));
  return s * (d - 2 * z * tail * k);
}

}  // namespace parts

/// log x - digamma(x) for x > 0, to its last digits where x is large.
EMBER_INLINE double log_minus_digamma(double x) {
  const bool small = x < 8;
  const double y = select(small, x, 1.0);
  const double sum = parts::sum_of_eight_inverses(y);
  const double z = select(small, x + 8, x);
  const double shift = select(small, log(x / z) + sum, 0.0);
  return shift + parts::log_minus_digamma_series(z);
}

/// log(rate^k exp(-rate) / Gamma(k + 1)) for real k >= 0, rate >= 0: no term is larger than what
/// k and rate differ by, as in Loader's algorithm (C. Loader, Fast and accurate computation of
/// binomial probabilities, 2000). Densities of Poisson, Gamma, Binomial and Beta are sums of it.
EMBER_INLINE double log_poisson(double k, double rate, double log_rate) {
  const bool small = k < 8;
  const double y = select(small, k, 0.0);
  const double product =
      (y + 1) * (y + 2) * (y + 3) * (y + 4) * (y + 5) * (y + 6) * (y + 7) * (y + 8);
  const double z = select(small, k + 8, k);
  const double log_z = parts::log_of_normal(z);
  const double remainder = parts::stirling_remainder(z);
  const double log_factorial = (z + 0.5) * log_z - z + kHalfLogTwoPi + remainder -
                               select(small, parts::log_of_normal(product), 0.0);
  const double direct = select(k == 0, 0.0, k * log_rate) - rate - log_factorial;
  const double far = (rate - k) - k * (log_rate - log_z);
  const double near = parts::near_deviance(k, rate);
  const double deviance = select((rate > 0.7 * k) & (rate < 1.4 * k), near, far);
  return select(small, direct, -0.5 * log_z - kHalfLogTwoPi - remainder - deviance);
}

/// log k! of whole k.
inline constexpr std::size_t kLogFactorialCount = 256;
extern const std::array<double, kLogFactorialCount> kLogFactorials;
EMBER_INLINE bool has_log_factorial(double k) {
  return (k >= 0) & (k < static_cast<double>(kLogFactorialCount)) & (k == std::floor(k));
}
/// From the table, in vectors too; of other k some number.
EMBER_INLINE double log_factorial(double k) {
  const auto bits = std::bit_cast<std::uint64_t>(k + 0x1p52);  // they end with the whole number
  return kLogFactorials[bits % kLogFactorialCount];
}

/// log_poisson of k that are in the table, in a third of the time: what cancels costs up to 3e-13.
EMBER_INLINE double log_poisson_of_few(double k, double rate, double log_rate) {
  return (select(k == 0, 0.0, k * log_rate) - log_factorial(k)) - rate;
}

/// log_poisson at rate = k, its largest value.
EMBER_INLINE double log_poisson_mode(double k) { return log_poisson(k, k, log(k)); }

/// log Gamma(h + 1/2) - log Gamma(h) - log(h) / 2 for h > 0 (about -1 / (8 h)), and its derivative.
struct HalfStep {
  double value, slope;
};
EMBER_INLINE HalfStep lgamma_half_step(double h) {
  const bool small = h < 8;
  const double y = select(small, h, 1.0);
  double ratio = 1;  // product of (y + k + 1/2) / (y + k), k = 0 .. 7
  double sum = 0;    // of 1 / (y + k) - 1 / (y + k + 1/2)
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) {
    const double inverse = 1 / ((y + k) * (y + k + 0.5));
    ratio *= (y + k + 0.5) * (y + k + 0.5) * inverse;
    sum += 0.5 * inverse;
  }
  const double z = select(small, h + 8, h);
  const double i = 1 / z;
  const double i2 = i * i;
  const double value =
      i * (-1.0 / 8 +
           i2 * (1.0 / 192 +
                 i2 * (-1.0 / 640 +
                       i2 * (17.0 / 14336 +
                             i2 * (-31.0 / 18432 +
                                   i2 * (691.0 / 180224 +
                                         i2 * (-5461.0 / 425984 + i2 * 929569.0 / 15728640)))))));
  const double slope =
      i2 *
      (1.0 / 8 -
       i2 * (1.0 / 64 -
             i2 * (1.0 / 128 - i2 * (17.0 / 2048 -
                                     i2 * (31.0 / 2048 - i2 * (691.0 / 16384 -
                                                               i2 * (5461.0 / 32768 -
                                                                     i2 * 929569.0 / 1048576)))))));
  const double shift = select(small, log(std::sqrt(z / h) / ratio), 0.0);
  const double shift_slope = select(small, 0.5 * (1 / z - 1 / h) + sum, 0.0);
  return {value + shift, slope + shift_slope};
}

}  // namespace ember::special
