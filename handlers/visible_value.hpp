// Which elements of a site's value count: what statistics for people are made of.
#pragma once

#include <ember/handlers/site.hpp>

namespace ember {

/// Whether any of the elements that broadcasting makes of one of `shape` counts.
Mask visible_part(const Mask& mask, const Shape& shape);
/// What of a site's value counts, in the value's shape.
Mask visible_value(const Site& site);

}  // namespace ember
