// Positions in words.
#pragma once

#include <string>

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

}  // namespace ember::detail
