// The plates of a site as people read them.
#pragma once

#include <algorithm>
#include <vector>

#include <ember/handlers/message.hpp>

namespace ember {

/// From the left of the batch shape to its right, whichever was opened first.
inline std::vector<PlateFrame> plates_by_dim(const Plates& plates) {
  std::vector<PlateFrame> sorted(plates.begin(), plates.end());
  std::ranges::sort(sorted, {}, &PlateFrame::dim);
  return sorted;
}

}  // namespace ember
