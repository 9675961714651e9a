// The storage of a mask that is neither all nor none: bytes or the list of its kept positions, each
// made of the other once and lazily, and so are the counts of its blocks and its runs.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <ember/core/once.hpp>
#include <ember/core/places.hpp>
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
  MaskBytes(Bytes bytes, Index kept)
      : size_(static_cast<Index>(bytes.size())), kept_(kept), bytes_(std::move(bytes)) {}
  /// Kept are the positions of an ascending list, of as many elements as its bound says.
  explicit MaskBytes(PlacesPtr places)
      : size_(places->bound()),
        kept_(places->count()),
        is_list_(true),
        places_(std::move(places)) {}

  Index size() const { return size_; }
  Index kept() const { return kept_; }
  /// Whether it was made of a list: bytes of so many elements are better not asked for.
  bool is_list() const { return is_list_; }
  /// One byte an element, 0 or 1. An error where a list would have to become too many.
  const std::uint8_t* data() const {
    if (is_list_) {
      if (size_ > kMostBytes) too_many();
      other_once_([this] { make_bytes(); });
    }
    return bytes_.data();
  }
  bool operator[](Index i) const;

  /// Ascending positions of the kept elements.
  const PlacesPtr& places() const {
    if (!is_list_) other_once_([this] { make_places(); });
    return places_;
  }
  const Positions& positions() const { return places()->at(); }
  /// How many elements are kept in each block of kBlock.
  const PooledVector<std::int32_t>& block_counts() const {
    data();
    counts_once_([this] { make_counts(); });
    return counts_;
  }
  /// Neighbours that are kept, at most kBlock of them.
  struct Run {
    Index begin, n;
  };
  /// What is kept as ascending runs, where these are so long that each is worth a call; empty where
  /// they are not, and of what was made of a list.
  const PooledVector<Run>& runs() const {
    if (!is_list_) runs_once_([this] { make_runs(); });
    return runs_;
  }
  /// Another number for each object that this process makes, from 1 on.
  std::uint64_t id() const { return id_; }
  /// Whether so few are kept that gathering them beats computing all and selecting (measured for
  /// cheap kernels: below a quarter). A function of the mask alone, so that results do not depend
  /// on anything else.
  bool is_sparse() const { return kept_ * 4 < size(); }

 private:
  static constexpr Index kMostBytes = Index{1} << 28U;

  [[noreturn]] void too_many() const;
  void make_places() const;
  void make_bytes() const;
  void make_counts() const;
  void make_runs() const;
  static std::uint64_t next_id();

  std::uint64_t id_ = next_id();
  Index size_;
  Index kept_;
  bool is_list_ = false;
  mutable Once other_once_, counts_once_, runs_once_;
  mutable Bytes bytes_;
  mutable PlacesPtr places_;
  mutable PooledVector<std::int32_t> counts_;
  mutable PooledVector<Run> runs_;
};

/// The sum of f(i) over what is kept: along the list where that is short.
template <class F>
Real sum_of_kept(const MaskBytes& mask, F f) {
  Real sum = 0;
  if (mask.is_sparse()) {
    for (Index i : mask.positions()) sum += f(i);
  } else {
    const std::uint8_t* kept = mask.data();
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < mask.size(); ++i) sum += kept_or_zero(kept[i], f(i));
  }
  return sum;
}

}  // namespace ember::detail
