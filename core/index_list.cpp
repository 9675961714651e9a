#include <ember/core/index_list.hpp>

#include <algorithm>

namespace ember::detail {

IndexList::IndexList(Positions at) : at_(std::move(at)) {
  if (at_.empty()) return;
  Index lowest = at_[0], highest = at_[0];
  const Index* values = at_.data();
#pragma omp simd reduction(min : lowest) reduction(max : highest)
  for (std::size_t i = 0; i < at_.size(); ++i) {
    lowest = values[i] < lowest ? values[i] : lowest;
    highest = values[i] > highest ? values[i] : highest;
  }
  lowest_ = lowest;
  highest_ = highest;
}

Mask IndexList::named(Index bound) const {
  const std::lock_guard lock(mutex_);
  if (!has_named_ || named_.numel() != bound) {
    Bytes bytes(static_cast<std::size_t>(bound));
    for (const Index i : at_) bytes[static_cast<std::size_t>(i)] = 1;
    named_ = Mask::from_bytes({bound}, std::move(bytes));
    has_named_ = true;
  }
  return named_;
}

IndexListPtr make_index_list(Positions at) {
  return std::allocate_shared<const IndexList>(PoolAllocator<IndexList>(), std::move(at));
}

}  // namespace ember::detail
