#include <ember/core/visible_coordinates.hpp>

#include <ember/core/mask_list.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>

namespace ember::detail {

Tensor visible_coordinates(const Tensor& x, std::size_t event_dim, const Mask& visible) {
  if (!is_list(visible) || !waits(x) || coordinates_of(x) != nullptr || event_dim > 1) return x;
  const Index row = event_dim == 1 ? x.shape().from_right(1) : 1;
  const Shape over = event_dim == 1 ? concatenate(visible.shape(), Shape{row}) : visible.shape();
  if (x.numel() != over.numel()) return x;
  const PlacesPtr& at = visible.bytes()->places();
  const Tensor taken = detach(take(x, over, at, row));
  return new_coordinates(x.shape(), {row == 1 ? at : elements_of_rows(at, row),
                                     taken.reshape({taken.numel()}), false});
}

}  // namespace ember::detail
