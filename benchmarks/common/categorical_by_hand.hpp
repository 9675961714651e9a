// The masked categorical density over rows of kC logits and its gradient by them, by hand: blocks
// of rows from the list of those that are kept, transposed, so that all loops are along the rows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <ember/core/mask_bytes.hpp>
#include <ember/core/special.hpp>
#include <ember/ember.hpp>

namespace bench {

/// Gives the sum of the log densities and writes their gradient; rows that are not kept are not
/// touched.
template <ember::Index kC>
double categorical_by_hand(const ember::Real* logits, const ember::Real* y, const ember::Mask& mask,
                           double* gradient) {
  using ember::Index;
  namespace special = ember::special;
  constexpr Index kRows = 16;
  const Index* list = mask.bytes() ? mask.bytes()->positions().data() : nullptr;
  const Index n = mask.count();
  std::array<Index, kRows> rows;
  double l[kC][kRows], e[kC][kRows], chosen[kRows], largest[kRows], sum[kRows];
  double total = 0;
  for (Index begin = 0; begin < n; begin += kRows) {
    const Index m = std::min(kRows, n - begin);
    for (Index i = 0; i < kRows; ++i) {
      const Index k = begin + std::min(i, m - 1);  // the last row fills an incomplete block
      const Index row = list != nullptr ? list[k] : k;
      rows[static_cast<std::size_t>(i)] = row;
      for (Index c = 0; c < kC; ++c) l[c][i] = logits[row * kC + c];
      chosen[i] = y[row];
    }
#pragma omp simd
    for (Index i = 0; i < kRows; ++i) {
      double top = l[0][i];
      for (Index c = 1; c < kC; ++c) top = l[c][i] > top ? l[c][i] : top;
      largest[i] = top;
      sum[i] = 0;
    }
    for (Index c = 0; c < kC; ++c) {
#pragma omp simd
      for (Index i = 0; i < kRows; ++i) {
        e[c][i] = special::exp(l[c][i] - largest[i]);
        sum[i] += e[c][i];
      }
    }
    double block[kRows];
#pragma omp simd
    for (Index i = 0; i < kRows; ++i) {
      block[i] = -largest[i] - special::log(sum[i]);
      sum[i] = 1 / sum[i];
    }
    for (Index c = 0; c < kC; ++c) {
#pragma omp simd
      for (Index i = 0; i < kRows; ++i) {
        const bool is_chosen = chosen[i] == static_cast<double>(c);
        block[i] += is_chosen ? l[c][i] : 0;
        e[c][i] = (is_chosen ? 1 : 0) - e[c][i] * sum[i];
      }
    }
    for (Index i = 0; i < m; ++i) {
      total += block[i];
      double* g = gradient + rows[static_cast<std::size_t>(i)] * kC;
      for (Index c = 0; c < kC; ++c) g[c] = e[c][i];
    }
  }
  return total;
}

}  // namespace bench
