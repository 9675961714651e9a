// Sums over the axes of an event.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember::detail {

/// x summed over its last n axes.
Tensor sum_last(const Tensor& x, std::size_t n);

}  // namespace ember::detail
