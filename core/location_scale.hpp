// The draw of a location-scale family, as one operator.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember::detail {

/// loc + exp(log_scale) noise, for each element; all have one shape.
Tensor location_scale(const Tensor& loc, const Tensor& log_scale, const Tensor& noise);

}  // namespace ember::detail
