// Clipping: gradients that are too large are made smaller.
#pragma once

#include <limits>
#include <span>

#include <ember/core/real.hpp>

namespace ember::inference {

/// First each element is clamped to [-value, value]; then, where the Euclidean norm is larger, the
/// gradient is multiplied with norm / (its norm). That is the norm over all parameters of a step
/// (Pascanu et al. 2013, torch's clip_grad_norm_) or, with per_param, of each by itself.
struct Clip {
  double norm = std::numeric_limits<double>::infinity();
  double value = std::numeric_limits<double>::infinity();
  bool per_param = false;
};

/// An error where a bound is not positive.
void check(const Clip& clip);
void clip_values(std::span<Real> gradient, double bound);
void clip_norm(std::span<const std::span<Real>> gradients, double bound);

}  // namespace ember::inference
