// Normal numbers of the elements that a mask shows.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/random.hpp>

namespace ember::detail {

/// As standard_normal(key, shape), but 0 where a mask of this shape hides: pairs of elements that
/// it hides are not made.
Tensor standard_normal(RandomKey key, const Shape& shape, const Mask& shown);

}  // namespace ember::detail
