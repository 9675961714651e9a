#include <ember/handlers/shown.hpp>

#include <ember/handlers/visible_value.hpp>

namespace ember::detail {

Mask outer_mask(const Mask& handlers, const Mask& elements, const std::optional<Mask>& obs,
                std::size_t reinterpreted) {
  const Mask outer = handlers.unsqueeze_right(reinterpreted) & elements;
  return obs ? outer & obs->unsqueeze_right(reinterpreted) : outer;
}

Mask outer_mask(const Message& message) {
  return outer_mask(message.mask, message.element_mask, message.obs_mask,
                    message.distribution.reinterpreted());
}

distributions::Distribution as_shown(const Message& message) {
  const distributions::Distribution& d = message.distribution;
  const Mask outer = outer_mask(message);
  if (outer.is_all()) return d;
  const Mask visible = d.own_mask() & visible_part(outer, d.element_shape());
  return distributions::Distribution::from_normal_form(d.share_family(), d.element_shape(),
                                                       d.reinterpreted(), visible);
}

}  // namespace ember::detail
