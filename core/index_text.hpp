// Positions, indices and axes in words.
#pragma once

#include <span>
#include <string>

#include <ember/core/error.hpp>
#include <ember/core/shape.hpp>

namespace ember::detail {

/// "[0, 2]" for position 2 of shape (1, 3); "" for that of a scalar.
inline std::string index_text(Index position, const Shape& shape) {
  std::string text;
  for (std::size_t a = shape.rank(); a-- > 0;) {
    text.insert(0, std::to_string(position % shape[a]) + (text.empty() ? "" : ", "));
    position /= shape[a];
  }
  return text.empty() ? "" : "[" + text + "]";
}

/// "{0, -1}"
inline std::string axes_text(std::span<const Index> axes) {
  std::string text;
  for (Index axis : axes) text += (text.empty() ? "" : ", ") + std::to_string(axis);
  return "{" + text + "}";
}

/// Which indices an axis has: "indices run from 0 to 2".
inline std::string index_range(Index size, Index lowest) {
  if (size == 0) return "the axis is empty";
  return "indices run from " + std::to_string(lowest) + " to " + std::to_string(size - 1);
}

[[noreturn]] inline void fail_index(std::string_view who, Index i, std::size_t axis,
                                    const Shape& shape, Index lowest) {
  fail(who,
       "index " + std::to_string(i) + " is outside of axis " + std::to_string(axis) + " of shape " +
           to_string(shape),
       index_range(shape[axis], lowest));
}

}  // namespace ember::detail
