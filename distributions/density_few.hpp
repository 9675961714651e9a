// Sums of log densities over few elements.
#pragma once

#include <span>

#include <ember/distributions/density.hpp>

namespace ember::distributions {

/// As density_sum, where elements are few and all count: what is asked in general would cost more
/// than what the kernel computes. Undefined where it is not for this way.
Tensor density_sum_of_few(const Kernel& kernel, std::span<detail::Node* const> inputs,
                          const Shape& elements, const Mask& visible);

}  // namespace ember::distributions
