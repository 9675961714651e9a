// Element-wise operators; two operands broadcast as NumPy does.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

/// Arithmetic, element by element.
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);

/// Comparisons, element by element. All but != are false of NaN.
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

/// The larger, the smaller of two; NaN where one is NaN. Where they are equal each takes half of
/// the gradient.
Tensor maximum(const Tensor& x, const Tensor& y);
Tensor minimum(const Tensor& x, const Tensor& y);
/// x, but low where it is below, high where it is above; the bounds may be infinite. The gradient
/// is 1 on the bounds and between them, 0 outside. (Bounds that are tensors: minimum and maximum.)
Tensor clamp(const Tensor& x, Real low, Real high);

/// Functions of one number, element by element.
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
/// log(1 + x)
Tensor log1p(const Tensor& x);
/// exp(x) - 1
Tensor expm1(const Tensor& x);
/// sqrt(x), x^2 and functions of an angle.
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);
Tensor atan(const Tensor& x);
/// 1 / (1 + exp(-x))
Tensor sigmoid(const Tensor& x);
/// log(sigmoid(x))
Tensor log_sigmoid(const Tensor& x);
/// log(p / (1 - p)), the inverse of sigmoid.
Tensor logit(const Tensor& p);
/// log(1 + exp(x))
Tensor softplus(const Tensor& x);
/// |x|, with gradient 0 at 0.
Tensor abs(const Tensor& x);
/// x where it is positive, else 0, with gradient 0 at 0.
Tensor relu(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor lgamma(const Tensor& x);
Tensor digamma(const Tensor& x);
/// The distribution function of Normal(0, 1), and its inverse.
Tensor normal_cdf(const Tensor& x);
Tensor normal_quantile(const Tensor& p);

/// -1, 0 or 1; the largest whole number up to x; the smallest from x on. Constants: no gradient
/// flows through.
Tensor sign(const Tensor& x);
Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);

/// The same numbers as a constant: no gradient flows through.
Tensor detach(const Tensor& x);

}  // namespace ember
