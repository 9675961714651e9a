// The sum of all elements of what waits as an expression: see expression.hpp.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember::detail {

/// Of x that Expression::has_steps.
Tensor sum_of_expression(Node& x);

}  // namespace ember::detail
