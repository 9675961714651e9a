// Fit: what a run of SVI has to tell.
#pragma once

#include <vector>

#include <ember/core/real.hpp>

namespace ember::inference {

struct RunOptions {
  bool progress = false;  // a progress bar on the terminal; silent where standard error is none
  double tolerance = 0;  // stop when the mean loss of a window changes relatively by less; 0: never
  Index window = 100;    // steps
};

struct Fit {
  std::vector<Real> losses;
  double seconds = 0;
  bool converged = false;  // stopped by tolerance
};

/// Whether the means of the last two windows of losses differ relatively by less than tolerance.
bool has_converged(const std::vector<Real>& losses, const RunOptions& options);

}  // namespace ember::inference
