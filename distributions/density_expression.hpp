// Sums of log densities of expressions: see core/expression.hpp.
#pragma once

#include <span>

#include <ember/distributions/density.hpp>

namespace ember::distributions {

/// Whether a density of these inputs is better summed together with what they are made of.
bool is_of_expressions(const Kernel& kernel, std::span<detail::Node* const> inputs,
                       const Shape& elements);

/// As density_sum, of inputs of which some wait: what they are made of is computed, and gets its
/// derivatives, block by block together with the density.
Tensor density_sum_of_expressions(const Kernel& kernel, std::span<detail::Node* const> inputs,
                                  const Shape& elements, const Mask& visible);

}  // namespace ember::distributions
