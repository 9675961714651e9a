// Tensors and masks of coordinates: time and memory follow what is there, whatever the shape says.
#pragma once

#include <vector>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

/// A tensor with values at these coordinates alone, one list of indices an axis. Nothing is stored
/// elsewhere: densities whose mask keeps no other element read it, and so do matmul, transpose,
/// reshape, + - *, index_select and unary maps on the way there; whatever asks for another element
/// is an error. Coordinates given twice, or out of the shape, are an error.
Tensor sparse_tensor(const Shape& shape, const std::vector<Indices>& coordinates,
                     const Tensor& values);

}  // namespace ember
