// The storage of a mask that is neither all nor none, with what is derived from it once and lazily:
// the counts of its blocks and the list of its kept positions.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <ember/core/real.hpp>

namespace ember::detail {

/// The length of the blocks that masks are counted in and kernels work on.
inline constexpr Index kBlock = 512;

class MaskBytes : public std::enable_shared_from_this<MaskBytes> {
 public:
  MaskBytes(std::vector<std::uint8_t> bytes, Index kept) : bytes_(std::move(bytes)), kept_(kept) {}

  Index size() const { return static_cast<Index>(bytes_.size()); }
  Index kept() const { return kept_; }
  const std::uint8_t* data() const { return bytes_.data(); }
  bool operator[](Index i) const { return bytes_[static_cast<std::size_t>(i)] != 0; }

  /// Ascending positions of the kept elements.
  const std::vector<Index>& positions() const {
    std::call_once(positions_once_, [this] { make_positions(); });
    return positions_;
  }
  /// How many elements are kept in each block of kBlock.
  const std::vector<std::int32_t>& block_counts() const {
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

  std::vector<std::uint8_t> bytes_;
  Index kept_;
  mutable std::once_flag positions_once_, counts_once_;
  mutable std::vector<Index> positions_;
  mutable std::vector<std::int32_t> counts_;
};

}  // namespace ember::detail
