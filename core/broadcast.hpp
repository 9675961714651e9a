// How several operands of different shapes are walked together: the axes of the broadcast shape,
// merged where all operands allow it, with a stride an operand (0 where it is repeated).
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <ember/core/shape.hpp>

namespace ember::detail {

/// A walk over `shape` by N operands. Axis 0 of `sizes` is the outermost.
template <std::size_t N>
struct BroadcastPlan {
  std::size_t rank = 0;
  std::array<Index, kMaxRank> sizes;
  std::array<std::array<Index, kMaxRank>, N> strides;

  BroadcastPlan(const Shape& shape, const std::array<const Shape*, N>& operands) {
    std::array<Index, N> running;
    running.fill(1);
    std::size_t used = 0;  // axes so far, innermost first
    for (std::size_t k = 1; k <= shape.rank(); ++k) {
      const Index size = shape.from_right(k);
      if (size == 1) continue;
      std::array<Index, N> stride;
      bool merges = used > 0;
      for (std::size_t n = 0; n < N; ++n) {
        const Index own = operands[n]->from_right(k);
        stride[n] = own == 1 ? 0 : running[n];
        running[n] *= own;
        if (merges && stride[n] != strides[n][used - 1] * sizes[used - 1]) merges = false;
      }
      if (merges) {
        sizes[used - 1] *= size;
        continue;
      }
      sizes[used] = size;
      for (std::size_t n = 0; n < N; ++n) strides[n][used] = stride[n];
      ++used;
    }
    if (used == 0) {
      sizes[0] = 1;
      for (std::size_t n = 0; n < N; ++n) strides[n][0] = 0;
      used = 1;
    }
    rank = used;
  }

  /// Calls run(position, offsets, length) for every innermost run; inside of it operand n moves by
  /// strides[n][0].
  template <class Run>
  void for_each_run(Run&& run) const {
    Index outer = 1;
    for (std::size_t a = 0; a < rank; ++a) {
      if (sizes[a] == 0) return;
      if (a > 0) outer *= sizes[a];
    }
    std::array<Index, N> offsets{};
    std::array<Index, kMaxRank> counter{};
    Index position = 0;
    for (Index o = 0; o < outer; ++o) {
      run(position, offsets, sizes[0]);
      position += sizes[0];
      for (std::size_t a = 1; a < rank; ++a) {
        for (std::size_t n = 0; n < N; ++n) offsets[n] += strides[n][a];
        if (++counter[a] < sizes[a]) break;
        for (std::size_t n = 0; n < N; ++n) offsets[n] -= strides[n][a] * sizes[a];
        counter[a] = 0;
      }
    }
  }

  /// Calls f(position, offsets) for every position of the broadcast shape.
  template <class F>
  void for_each(F&& f) const {
    for_each_run([&](Index position, std::array<Index, N> offsets, Index length) {
      for (Index i = 0; i < length; ++i) {
        f(position + i, std::as_const(offsets));
        for (std::size_t n = 0; n < N; ++n) offsets[n] += strides[n][0];
      }
    });
  }

  /// The offset of each operand at a position of the broadcast shape.
  std::array<Index, N> offsets_at(Index position) const {
    std::array<Index, N> offsets{};
    for (std::size_t a = 0; a < rank; ++a) {
      const Index i = position % sizes[a];
      position /= sizes[a];
      for (std::size_t n = 0; n < N; ++n) offsets[n] += i * strides[n][a];
    }
    return offsets;
  }
};

/// Calls f(stride of a, stride of b) with the strides of the innermost run as constants where they
/// are 0 or 1.
template <class F>
void with_strides(Index sa, Index sb, F&& f) {
  using Zero = std::integral_constant<Index, 0>;
  using One = std::integral_constant<Index, 1>;
  if (sa == 1 && sb == 1) return f(One(), One());
  if (sa == 1 && sb == 0) return f(One(), Zero());
  if (sa == 0 && sb == 1) return f(Zero(), One());
  return f(sa, sb);
}

}  // namespace ember::detail
