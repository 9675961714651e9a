// What is left of a shape when axes are reduced.
#pragma once

#include <ember/core/reductions.hpp>

namespace ember::detail {

/// The shape with the reduced axes kept as 1: it broadcasts to the operand's.
Shape kept_shape(const Shape& shape, const Axes& axes, const char* who);
/// The shape of the result.
Shape result_shape(const Shape& shape, const Axes& axes, const char* who, bool keepdim);

/// Backward finds the kept shape in the node: its axes as bits.
Index axis_bits(const Shape& shape, const Axes& axes, const char* who);
Shape kept_from_bits(const Shape& shape, Index bits);

}  // namespace ember::detail
