// Normal numbers of the elements that a mask shows.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/random.hpp>

namespace ember::detail {

/// As standard_normal(key, shape), but 0 where a mask of this shape hides: pairs of elements that
/// it hides are not made. For who records what is made of them: always a constant. A recording that
/// is run again makes all of them.
Tensor standard_normal(RandomKey key, const Shape& shape, const Mask& shown);

}  // namespace ember::detail
