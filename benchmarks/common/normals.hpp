// Independent Normal(0, 1) numbers as a hand-written program would make them: xorshift128+ (Vigna
// 2017) in eight lanes, and Box and Muller's transform, all of it in vectors.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

#include <ember/core/special.hpp>

namespace bench {

class Normals {
 public:
  Normals() {
    std::uint64_t x = 1;
    for (int i = 0; i < kLanes; ++i) {
      a_[i] = x = x * 6364136223846793005U + 1442695040888963407U;
      b_[i] = x = x * 6364136223846793005U + 1442695040888963407U;
    }
  }

  void fill(std::span<double> out) {
    std::size_t i = 0;
    for (; i + 2 * kLanes <= out.size(); i += 2 * kLanes) pairs(&out[i], &out[i + kLanes]);
    if (i == out.size()) return;
    double last[2 * kLanes];
    pairs(last, last + kLanes);
    std::copy_n(last, out.size() - i, &out[i]);
  }

 private:
  static constexpr int kLanes = 8;

  // The next number of a lane in (0, 1).
  EMBER_INLINE static double uniform(std::uint64_t& a, std::uint64_t& b) {
    std::uint64_t x = a;
    const std::uint64_t y = b;
    x ^= x << 23U;
    x ^= y ^ (x >> 17U) ^ (y >> 26U);
    a = y;
    b = x;
    return std::bit_cast<double>(((x + y) >> 12U) | 0x3ff0000000000000U) - (1 - 0x1p-53);
  }

  void pairs(double* cosines, double* sines) {
#pragma omp simd
    for (int i = 0; i < kLanes; ++i) {
      const double radius = std::sqrt(-2 * ember::special::log(uniform(a_[i], b_[i])));
      // cos and sin of half of an angle in (-pi, pi), by Taylor's series, then of the whole
      const double h = std::numbers::pi * (uniform(a_[i], b_[i]) - 0.5);
      const double q = h * h;
      double c = 1, s = 1;
      for (int k = 10; k > 0; --k) {
        c = 1 - c * q * (1.0 / (2 * k * (2 * k - 1)));
        s = 1 - s * q * (1.0 / (2 * k * (2 * k + 1)));
      }
      s *= h;
      cosines[i] = radius * (c * c - s * s);
      sines[i] = radius * 2 * c * s;
    }
  }

  std::uint64_t a_[kLanes], b_[kLanes];
};

}  // namespace bench
