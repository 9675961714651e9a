// The operators on tensors and masks. Element-wise ones broadcast as NumPy does; axes may be
// negative.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <vector>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);

Mask operator<(const Tensor& a, const Tensor& b);
Mask operator<=(const Tensor& a, const Tensor& b);
Mask operator>(const Tensor& a, const Tensor& b);
Mask operator>=(const Tensor& a, const Tensor& b);
Mask operator==(const Tensor& a, const Tensor& b);
Mask operator!=(const Tensor& a, const Tensor& b);

/// Where an element is NaN; where it is neither NaN nor infinite.
Mask isnan(const Tensor& x);
Mask isfinite(const Tensor& x);
/// x where the mask is true, else y. What is not chosen has gradient 0, whatever it is.
Tensor where(const Mask& mask, const Tensor& x, const Tensor& y);
/// 1 where true, 0 where false.
Tensor to_tensor(const Mask& mask);

/// x^y, with the gradient of y 0 where x is 0.
Tensor pow(const Tensor& x, const Tensor& y);

Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
/// log(1 + x)
Tensor log1p(const Tensor& x);
/// exp(x) - 1
Tensor expm1(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor tan(const Tensor& x);
Tensor atan(const Tensor& x);
/// 1 / (1 + exp(-x))
Tensor sigmoid(const Tensor& x);
/// log(1 + exp(x))
Tensor softplus(const Tensor& x);
/// |x|, with gradient 0 at 0.
Tensor abs(const Tensor& x);
Tensor lgamma(const Tensor& x);
Tensor digamma(const Tensor& x);
/// The distribution function of Normal(0, 1), and its inverse.
Tensor normal_cdf(const Tensor& x);
Tensor normal_quantile(const Tensor& p);

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

Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// An error over no elements; so are max and logsumexp along an axis of size 0 (logsumexp of
/// nothing is -infinity).
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The largest element; among equal ones the first takes the gradient. NaN is larger than anything.
Tensor max(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// log(sum(exp(x))), without overflow.
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor softmax(const Tensor& x, Index axis);
/// x - logsumexp(x, axis)
Tensor log_softmax(const Tensor& x, Index axis);
/// Running sums along an axis.
Tensor cumsum(const Tensor& x, Index axis);

/// The same numbers under another shape of as many elements.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Repeated to a shape that x broadcasts to.
Tensor expand(const Tensor& x, const Shape& shape);
/// The last two axes swapped.
Tensor transpose(const Tensor& x);
/// Index i of an axis, which disappears (negative counts from the end).
Tensor select(const Tensor& x, Index axis, Index i);
Tensor slice(const Tensor& x, Index axis, Index begin, Index end);
/// Those indices of an axis, in that order, with repetition.
Tensor index_select(const Tensor& x, Index axis, const Indices& indices);
/// result[.., i, ..] = x[.., index[.., i, ..], ..] along `axis`; on the other axes the shapes must
/// agree.
Tensor gather(const Tensor& x, Index axis, const Tensor& index);
Tensor concatenate(const std::vector<Tensor>& tensors, Index axis);
/// Joined along a new axis.
Tensor stack(const std::vector<Tensor>& tensors, Index axis);

/// The matrix product of (.., n, k) and (.., k, m); vectors are taken as NumPy takes them.
Tensor matmul(const Tensor& a, const Tensor& b);

/// The same numbers as a constant: no gradient flows through.
Tensor detach(const Tensor& x);

}  // namespace ember
