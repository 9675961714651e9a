#include <ember/handlers/shown.hpp>

#include <ember/handlers/visible_value.hpp>

namespace ember::detail {

Mask outer_mask(const Message& message) {
  const std::size_t n = message.distribution.reinterpreted();
  const Mask outer = message.mask.unsqueeze_right(n) & message.element_mask;
  return message.obs_mask ? outer & message.obs_mask->unsqueeze_right(n) : outer;
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
