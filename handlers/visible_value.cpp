#include <ember/handlers/visible_value.hpp>

namespace ember {

Mask visible_part(const Mask& mask, const Shape& shape) {
  if (mask.is_all()) return Mask::filled(shape, true);
  return any_to_shape(mask.broadcast_to(broadcast_shapes(mask.shape(), shape, "mask")), shape);
}

Mask visible_value(const Site& site) {
  if (!site.has_distribution()) return Mask::filled(site.value.shape(), true);
  const std::size_t own_axes =
      site.distribution.event_shape().rank() - site.distribution.reinterpreted();
  return visible_part(site.mask.unsqueeze_right(own_axes), site.value.shape());
}

}  // namespace ember
