// Reductions over axes, and operators along one axis. Axes may be negative.
#pragma once

#include <concepts>
#include <optional>

#include <ember/core/tensor.hpp>

namespace ember {

/// Which axes to reduce: all of them, one, or a list.
class Axes {
 public:
  using List = InlineVector<Index, kMaxRank>;
  Axes() = default;
  template <std::integral T>
  Axes(T axis) : Axes({Dim(axis)}) {}  // NOLINT(google-explicit-constructor)
  Axes(std::initializer_list<Dim> axes);
  /// Empty where all axes are meant.
  const std::optional<List>& list() const { return axes_; }

 private:
  std::optional<List> axes_;
};

/// The sum; 0 of nothing.
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The product; 1 of nothing.
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// An error over no elements; so are max, min and logsumexp along an axis of size 0 (logsumexp of
/// nothing is -infinity).
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The largest element; among equal ones the first takes the gradient. NaN is larger than anything.
Tensor max(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The smallest element, by the same rules: NaN is smaller than anything.
Tensor min(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The index of max and of min along an axis: a constant.
Tensor argmax(const Tensor& x, Index axis, bool keepdim = false);
Tensor argmin(const Tensor& x, Index axis, bool keepdim = false);
/// log(sum(exp(x))), without overflow.
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// exp(x) / sum(exp(x)) along an axis.
Tensor softmax(const Tensor& x, Index axis);
/// x - logsumexp(x, axis)
Tensor log_softmax(const Tensor& x, Index axis);
/// Running sums along an axis.
Tensor cumsum(const Tensor& x, Index axis);

/// sum((x - mean(x))^2) / (n - correction) of the n elements that make one; an error unless n is
/// larger than the correction.
Tensor var(const Tensor& x, const Axes& axes = {}, bool keepdim = false, Real correction = 1);
/// sqrt(var), with gradient 0 where it is 0.
Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keepdim = false, Real correction = 1);
/// sqrt(sum(x^2)), with gradient 0 where it is 0.
Tensor norm(const Tensor& x, const Axes& axes = {}, bool keepdim = false);

/// The elements in ascending (or descending) order along an axis, and the indices that they had, a
/// constant. Equal elements keep their order, NaN is larger than anything; the gradient of each
/// goes back to where it stood.
Tensor sort(const Tensor& x, Index axis = -1, bool descending = false);
Tensor argsort(const Tensor& x, Index axis = -1, bool descending = false);
/// The q-quantile along an axis, which disappears: between two order statistics linear in q. NaN
/// where one of the elements is NaN.
Tensor quantile(const Tensor& x, Real q, Index axis = -1);

}  // namespace ember
