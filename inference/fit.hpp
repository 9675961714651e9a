// Fit: what a run of SVI has to tell.
#pragma once

#include <string>
#include <vector>

#include <ember/core/real.hpp>

namespace ember::inference {

/// Options of SVI::run.
struct RunOptions {
  bool progress = false;  // a progress bar on the terminal; silent where standard error is none
  double tolerance = 0;  // stop when the mean loss of a window changes relatively by less; 0: never
  Index window = 100;    // steps
};

/// The losses of a run, one a step, and how it ended.
struct Fit {
  std::vector<Real> losses;
  double seconds = 0;
  bool converged = false;  // stopped by tolerance
  Index window = 100;      // steps that a mean of losses is taken over

  /// The mean of the last `window` losses at each step (of all of them in the beginning), without
  /// those that are not finite; NaN where there is none.
  std::vector<Real> moving_mean() const;
  /// |m1 - m0| / |m0| of the means m0, m1 of the last two windows of losses; NaN before there are
  /// two.
  double relative_change() const;

  /// As JSON, beside a trace: what a report draws the curve from.
  void save(const std::string& file) const;
  static Fit load(const std::string& file);
};

}  // namespace ember::inference
