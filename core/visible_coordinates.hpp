// Values that are owed, as what somebody who keeps or shows a site asks for: those that count.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

/// A tensor that waits, of the elements of a mask that is a list and `event_dim` more axes, as
/// coordinates of what is visible: the others are not to be formed. Any other tensor as it is.
Tensor visible_coordinates(const Tensor& x, std::size_t event_dim, const Mask& visible);

}  // namespace ember::detail
