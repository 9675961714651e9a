// What the masks of a site show of its distribution, while its message is on the way.
#pragma once

#include <ember/handlers/message.hpp>

namespace ember::detail {

/// The masks of handlers, guide and obs_mask, over the elements; broadcasts with them. Those of
/// handlers and obs_mask get an axis for each that to_event has made.
Mask outer_mask(const Mask& handlers, const Mask& elements, const std::optional<Mask>& obs,
                std::size_t reinterpreted);
Mask outer_mask(const Message& message);
/// The distribution with all of the site's masks as its own: what handlers or obs_mask hide is left
/// alone as well.
distributions::Distribution as_shown(const Message& message);

}  // namespace ember::detail
