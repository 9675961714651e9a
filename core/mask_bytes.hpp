// The storage of a mask that is neither all nor none, with what is derived from it once and lazily:
// the counts of its blocks and the list of its kept positions.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>

#include <ember/core/pool.hpp>
#include <ember/core/real.hpp>

namespace ember::detail {

/// The length of the blocks that masks are counted in and kernels work on.
inline constexpr Index kBlock = 512;

using RealBits = std::conditional_t<sizeof(Real) == 8, std::int64_t, std::int32_t>;

/// x where the bits are set, 0 where they are not, whatever x is. By bits, because compilers make
/// branches of conditions, and a loop with branches does not vectorise.
[[gnu::always_inline]] inline double bits_and(std::int64_t bits, double x) {
  return std::bit_cast<double>(std::bit_cast<std::int64_t>(x) & bits);
}
[[gnu::always_inline]] inline float bits_and(std::int32_t bits, float x) {
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(x) & bits);
}

/// x where the byte is 1, 0 where it is 0; a or b.
[[gnu::always_inline]] inline Real kept_or_zero(std::uint8_t kept, Real x) {
  return bits_and(-static_cast<RealBits>(kept), x);
}
[[gnu::always_inline]] inline Real kept_or(std::uint8_t kept, Real a, Real b) {
  const RealBits mask = -static_cast<RealBits>(kept);
  return std::bit_cast<Real>(static_cast<RealBits>((std::bit_cast<RealBits>(a) & mask) |
                                                   (std::bit_cast<RealBits>(b) & ~mask)));
}

class MaskBytes : public std::enable_shared_from_this<MaskBytes> {
 public:
  MaskBytes(Bytes bytes, Index kept) : bytes_(std::move(bytes)), kept_(kept) {}

  Index size() const { return static_cast<Index>(bytes_.size()); }
  Index kept() const { return kept_; }
  const std::uint8_t* data() const { return bytes_.data(); }
  bool operator[](Index i) const { return bytes_[static_cast<std::size_t>(i)] != 0; }

  /// Ascending positions of the kept elements.
  const PooledVector<Index>& positions() const {
    std::call_once(positions_once_, [this] { make_positions(); });
    return positions_;
  }
  /// How many elements are kept in each block of kBlock.
  const PooledVector<std::int32_t>& block_counts() const {
    std::call_once(counts_once_, [this] { make_counts(); });
    return counts_;
  }
  /// Whether so few are kept that gathering them beats computing all and selecting (measured for
  /// cheap kernels: below a quarter). A function of the mask alone, so that results do not depend
  /// on anything else.
  bool is_sparse() const { return kept_ * 4 < size(); }

 private:
  void make_positions() const;
  void make_counts() const;

  Bytes bytes_;
  Index kept_;
  mutable std::once_flag positions_once_, counts_once_;
  mutable PooledVector<Index> positions_;
  mutable PooledVector<std::int32_t> counts_;
};

}  // namespace ember::detail
