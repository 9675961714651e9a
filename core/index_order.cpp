#include <ember/core/index_order.hpp>

#include <algorithm>

#include <ember/core/node.hpp>

namespace ember::detail {

IndexOrder::IndexOrder(std::span<const Index> at, Index bound) : order_(at.size()) {
  Positions next(static_cast<std::size_t>(bound) + 1);  // where the next one of a place goes
  for (const Index place : at) ++next[static_cast<std::size_t>(place) + 1];
  for (std::size_t place = 0; place < static_cast<std::size_t>(bound); ++place) {
    if (next[place + 1] > 0) {
      runs_.push_back({static_cast<Index>(place), next[place] + next[place + 1]});
    }
    next[place + 1] += next[place];
  }
  for (std::size_t i = 0; i < at.size(); ++i) {
    order_[static_cast<std::size_t>(next[static_cast<std::size_t>(at[i])]++)] =
        static_cast<Index>(i);
  }
}

const IndexOrder::Run* IndexOrder::run_at(Index position) const {
  return &*std::ranges::upper_bound(runs_, position, {}, &Run::end);
}

Tensor IndexOrder::sorted(const Tensor& x) const {
  const std::lock_guard lock(mutex_);
  for (const Copy& copy : copies_) {
    if (copy.of.defined() && &copy.of.node() == &x.node()) return copy.sorted;
  }
  Node* out = new_heap_node(x.shape());
  const Tensor sorted(out);
  const Real* from = values(x);
  std::ranges::transform(order_, out->value, [from](Index i) { return from[i]; });
  copies_[next_] = {x, sorted};
  next_ = (next_ + 1) % kCopies;
  return sorted;
}

}  // namespace ember::detail
