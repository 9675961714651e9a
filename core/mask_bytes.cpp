#include <ember/core/mask_bytes.hpp>

#include <algorithm>
#include <numeric>

namespace ember::detail {

void MaskBytes::make_positions() const {
  positions_.reserve(static_cast<std::size_t>(kept_));
  for (Index i = 0; i < size(); ++i) {
    if (bytes_[static_cast<std::size_t>(i)] != 0) positions_.push_back(i);
  }
}

void MaskBytes::make_counts() const {
  counts_.reserve(static_cast<std::size_t>((size() + kBlock - 1) / kBlock));
  for (Index begin = 0; begin < size(); begin += kBlock) {
    const Index end = std::min(begin + kBlock, size());
    counts_.push_back(std::accumulate(bytes_.begin() + begin, bytes_.begin() + end, 0));
  }
}

}  // namespace ember::detail
