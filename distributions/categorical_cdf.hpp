// The distribution function of Categorical: F(x) = sum of p(c), c <= x, a step function; and its
// inverse, the smallest c with F(c) >= p.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember::distributions {

/// F(x) over the elements, of weights along the last axis, or of their logarithms.
Tensor categorical_cdf(const Tensor& x, const Tensor& weights, bool are_logarithms,
                       const Shape& elements);

/// The smallest category that reaches a probability, a constant; NaN where that is none.
Tensor categorical_icdf(const Tensor& probability, const Tensor& weights, bool are_logarithms,
                        const Shape& elements);

}  // namespace ember::distributions
