// What is asked of square matrices, a truth value each. Other shapes hold none: false.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

Mask lower_cholesky_members(const Tensor& x);
/// Symmetric but for rounding, with a Cholesky factor.
Mask positive_definite_members(const Tensor& x);

}  // namespace ember::detail
