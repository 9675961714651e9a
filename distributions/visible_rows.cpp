#include <ember/distributions/visible_rows.hpp>

#include <ember/core/broadcast.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/operators.hpp>

namespace ember::distributions {

VisibleRows::VisibleRows(const Shape& elements, const Mask& visible)
    : elements_(elements), shape_(elements), is_all_(visible.is_all()) {
  if (is_all_) return;
  visible_ = visible.broadcast_to(elements);
  if (visible_.bytes()) positions_ = visible_.bytes()->positions();
  shape_ = {positions_.size()};
}

Tensor VisibleRows::take(const Tensor& x, std::size_t event_dim) const {
  if (is_all_) return x;
  const Shape batch = x.shape().first(x.shape().rank() - event_dim);
  const Shape event = x.shape().after(batch.rank());
  const Index n = batch.numel();
  if (n == 1 && !positions_.empty()) return x.reshape(event);
  const detail::BroadcastPlan<1> plan(elements_, {&batch});
  detail::PooledVector<Index> rows;
  rows.reserve(positions_.size());
  for (Index position : positions_) rows.push_back(plan.offsets_at(position)[0]);
  return index_select(x.reshape(concatenate(Shape{n}, event)), 0, rows);
}

Tensor VisibleRows::put_back(const Tensor& result, std::size_t event_dim) const {
  const Shape event = result.shape().after(result.shape().rank() - event_dim);
  const Tensor full = expand(result, concatenate(shape_, event));
  if (is_all_) return full;
  // hidden elements take the row behind the last one
  const auto kept = static_cast<Index>(positions_.size());
  detail::PooledVector<Index> rows(static_cast<std::size_t>(elements_.numel()), kept);
  for (Index i = 0; i < kept; ++i) {
    rows[static_cast<std::size_t>(positions_[static_cast<std::size_t>(i)])] = i;
  }
  const Tensor zero = zeros(concatenate(Shape{1}, event));
  return index_select(concatenate({full, zero}, 0), 0, rows).reshape(concatenate(elements_, event));
}

}  // namespace ember::distributions
