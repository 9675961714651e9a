// Operators that change a shape, take elements out or join tensors. Axes may be negative.
#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <vector>

#include <ember/core/tensor.hpp>

namespace ember {

namespace detail {
Tensor index_select(const Tensor& x, Index axis, std::span<const Index> indices);
}

/// The same numbers under another shape of as many elements.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Repeated to a shape that x broadcasts to.
Tensor expand(const Tensor& x, const Shape& shape);
/// The last two axes swapped.
Tensor transpose(const Tensor& x);
/// The axes in another order: axis a of the result is axis axes[a] of x.
Tensor permute(const Tensor& x, const std::vector<Index>& axes);
/// Without an axis of size 1 (another size is an error); with a new axis of size 1 before the axis
/// given (-1: at the end).
Tensor squeeze(const Tensor& x, Index axis);
Tensor unsqueeze(const Tensor& x, Index axis);
/// Index i of an axis, which disappears (negative counts from the end).
Tensor select(const Tensor& x, Index axis, Index i);
/// begin <= i < end of an axis (negative counts from the end).
Tensor slice(const Tensor& x, Index axis, Index begin, Index end);
/// Those indices of an axis, in that order, with repetition.
Tensor index_select(const Tensor& x, Index axis, const Indices& indices);
template <detail::Contiguous R>
  requires std::same_as<detail::ElementOf<R>, Index>
Tensor index_select(const Tensor& x, Index axis, const R& indices) {  // read where they stand
  return detail::index_select(x, axis, indices);
}
/// result[.., i, ..] = x[.., index[.., i, ..], ..] along `axis`; on the other axes the shapes must
/// agree.
Tensor gather(const Tensor& x, Index axis, const Tensor& index);
/// Joined along an axis that all have.
Tensor concatenate(std::span<const Tensor> tensors, Index axis);
Tensor concatenate(std::initializer_list<Tensor> tensors, Index axis);
/// Joined along a new axis.
Tensor stack(std::span<const Tensor> tensors, Index axis);
Tensor stack(std::initializer_list<Tensor> tensors, Index axis);
/// 1 at the index that each element names, 0 elsewhere, along a new last axis of size `classes`: a
/// constant.
Tensor one_hot(const Tensor& indices, Index classes);

}  // namespace ember
