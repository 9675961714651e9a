#include <ember/core/index_list.hpp>

#include <ember/core/index_order.hpp>
#include <ember/core/tape.hpp>

namespace ember::detail {

IndexRange range_of(std::span<const Index> at) {
  if (at.empty()) return {};
  Index lowest = at[0], highest = at[0];
#pragma omp simd reduction(min : lowest) reduction(max : highest)
  for (std::size_t i = 0; i < at.size(); ++i) {
    lowest = at[i] < lowest ? at[i] : lowest;
    highest = at[i] > highest ? at[i] : highest;
  }
  return {lowest, highest};
}

IndexList::IndexList(Positions at)
    : at_(std::move(at)), range_(range_of(at_)), is_data_(!Tape::current().recording()) {}

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

const IndexOrder& IndexList::order() const {
  const std::lock_guard lock(mutex_);
  if (!order_) order_ = std::make_shared<const IndexOrder>(at_, range_.highest + 1);
  return *order_;
}

IndexListPtr make_index_list(Positions at) {
  return std::allocate_shared<const IndexList>(PoolAllocator<IndexList>(), std::move(at));
}

}  // namespace ember::detail
