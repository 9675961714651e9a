// Which elements of a site's value count: what statistics for people are made of.
#pragma once

#include <ember/core/mask_bytes.hpp>
#include <ember/core/owed.hpp>
#include <ember/handlers/site.hpp>

namespace ember {

/// Whether any of the elements that broadcasting makes of one of `shape` counts.
Mask visible_part(const Mask& mask, const Shape& shape);
/// What of a site's value counts, in the value's shape.
Mask visible_value(const Site& site);

/// Calls f(position, value) for the elements that are visible; of coordinates, for those that are
/// there.
template <class F>
void for_each_visible(const Tensor& values, const Mask& visible, F f) {
  const detail::Coordinates* has = detail::coordinates_of(values);
  const detail::MaskBytes* mask = visible.bytes().get();
  if (mask == nullptr && visible.is_none()) return;
  const Tensor stored = detail::stored_values(values);
  const Real* numbers = stored.data().data();
  for (Index i = 0; i < stored.numel(); ++i) {
    const Index position = has != nullptr ? (*has->at)[i] : i;
    if (mask == nullptr || (*mask)[position]) f(position, numbers[i]);
  }
}

}  // namespace ember
