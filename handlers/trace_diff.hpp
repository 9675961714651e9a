// What differs between two traces.
#pragma once

#include <string>
#include <vector>

#include <ember/handlers/trace.hpp>

namespace ember {

/// One thing that differs.
struct TraceDifference {
  std::string site;    // "" for the trace as a whole
  std::string aspect;  // "site", "kind", "family", "plates", "shape", "mask", "scale", "value",
                       // "parameter", "log density", "log joint"
  std::string first, second;  // what the one and the other trace have
  std::string detail;         // "3 elements differ, most at [0, 2]: by 0.5"
};

/// Site by site in the order of the first trace, then what only the second one has, then the log
/// joint. Numbers are equal where they differ by no more than `tolerance` times the larger one's
/// magnitude; NaN equals NaN, and anything where both sites' masks hide it. Where a site has
/// another shape, that is its one difference beside kind and family.
std::vector<TraceDifference> differences(const Trace& first, const Trace& second,
                                         double tolerance = 0);

/// A table of them; "" where there are none.
std::string format_table(const std::vector<TraceDifference>& differences, const std::string& first,
                         const std::string& second);

}  // namespace ember
