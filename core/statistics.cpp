// Spread, length and order along axes, made of other operators.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reduced.hpp>
#include <ember/core/tape.hpp>

namespace ember {
namespace {

// sqrt of a sum of squares: its derivative at 0 is taken as 0, not as infinity.
Tensor root(const Tensor& x) {
  const Mask at_zero = x == 0;
  return where(at_zero, x, sqrt(where(at_zero, 1, x)));
}

Tensor variance(const char* who, const Tensor& x, const Axes& axes, bool keepdim, Real correction) {
  const Index results = detail::result_shape(x.shape(), axes, who, keepdim).numel();
  const Index group = results == 0 ? 0 : x.numel() / results;
  const auto n = static_cast<Real>(group);
  if (results > 0 && !(n > correction)) {
    fail(who,
         "shape " + to_string(x.shape()) + " has " + detail::counted(group, "element") +
             " in each group, and the correction is " + detail::shortest_text(correction),
         "there must be more elements than that; a correction of 0 takes one");
  }
  if (results == 0) return sum(x, axes, keepdim);
  return sum(square(x - mean(x, axes, true)), axes, keepdim) / (n - correction);
}

}  // namespace

Tensor var(const Tensor& x, const Axes& axes, bool keepdim, Real correction) {
  return variance("var", x, axes, keepdim, correction);
}

Tensor stddev(const Tensor& x, const Axes& axes, bool keepdim, Real correction) {
  return root(variance("stddev", x, axes, keepdim, correction));
}

Tensor norm(const Tensor& x, const Axes& axes, bool keepdim) {
  detail::result_shape(x.shape(), axes, "norm", keepdim);  // its errors name norm
  return root(sum(square(x), axes, keepdim));
}

Tensor argsort(const Tensor& x, Index axis, bool descending) {
  const std::size_t a = normalize_axis(axis, x.shape(), "argsort");
  const Real* from = x.data().data();
  const Index size = x.shape()[a];
  const Index inner = x.shape().after(a + 1).numel();
  detail::Node* out = detail::new_constant(x.shape(), detail::sources_of(x));
  const Tensor result(out);
  detail::PooledVector<Index> order(static_cast<std::size_t>(size));
  for (Index row = 0; size > 0 && row < x.numel() / size; ++row) {
    const Index offset = row / inner * size * inner + row % inner;
    const auto value = [&](Index i) { return from[offset + i * inner]; };
    const auto less = [&](Index i, Index j) {
      return value(i) < value(j) || (std::isnan(value(j)) && !std::isnan(value(i)));
    };
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Index i, Index j) { return descending ? less(j, i) : less(i, j); });
    for (Index i = 0; i < size; ++i) {
      out->value[offset + i * inner] = static_cast<Real>(order[static_cast<std::size_t>(i)]);
    }
  }
  return result;
}

Tensor sort(const Tensor& x, Index axis, bool descending) {
  normalize_axis(axis, x.shape(), "sort");
  return gather(x, axis, argsort(x, axis, descending));
}

Tensor quantile(const Tensor& x, Real q, Index axis) {
  const std::size_t a = normalize_axis(axis, x.shape(), "quantile");
  const Index size = x.shape()[a];
  if (!(q >= 0 && q <= 1)) {
    fail("quantile", "q is " + detail::shortest_text(q), "it is between 0 and 1");
  }
  if (size == 0) {
    fail("quantile",
         "axis " + std::to_string(a) + " of shape " + to_string(x.shape()) + " has no elements",
         "take an axis that has some");
  }
  const Tensor sorted = sort(x, axis);
  const Real place = q * static_cast<Real>(size - 1);
  const auto below = static_cast<Index>(place);
  const Real weight = place - static_cast<Real>(below);
  const Tensor lower = select(sorted, axis, below);
  const Tensor last = select(sorted, axis, -1);  // NaN, where there is one
  return where(
      isnan(last), last,
      weight == 0 ? lower : (1 - weight) * lower + weight * select(sorted, axis, below + 1));
}

}  // namespace ember
