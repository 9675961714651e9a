// Masks that are lists of their kept positions: what costs follows the list, not the shape.
#pragma once

#include <span>

#include <ember/core/mask.hpp>
#include <ember/core/mask_bytes.hpp>

namespace ember::detail {

inline bool is_list(const Mask& mask) { return mask.bytes() && mask.bytes()->is_list(); }

/// The positions of a list that the other mask, which broadcasts to its shape, keeps too.
Mask kept_of_list(const Mask& list, const Mask& other);
/// Those of either of two lists of one shape.
Mask either_of_lists(const Mask& a, const Mask& b);
/// A list broadcast to `shape`: a list again.
Mask list_repeated(const Mask& list, const Shape& shape);
/// Any over the axes that broadcasting `shape` to the list's shape repeats.
Mask list_reduced(const Mask& list, const Shape& shape);

/// Which indices of an axis of length `size` are asked for; `inner` elements stand behind each.
struct SelectedAxis {
  Index inner, size;
  bool is_first;  // no axis of more than one element stands before it
  std::span<const Index> indices;
};
/// Where the positions of a list come to stand, each once for each time that its index is asked
/// for, in ascending order, and which of the list each is.
struct SelectedPositions {
  Positions positions, from;
};
SelectedPositions select_positions(const Positions& list, const SelectedAxis& axis);

}  // namespace ember::detail
