// logsumexp, softmax and log_softmax. A row that has a reached output reaches all of its inputs;
// what is not reached of its outputs counts 0.
#include <algorithm>
#include <limits>

#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reduced.hpp>
#include <ember/core/special.hpp>

namespace ember {
namespace detail {
namespace {

struct Rows {
  Index outer, size, inner;
};

Rows rows_of(const Shape& shape, std::size_t axis) {
  return {shape.first(axis).numel(), shape[axis], shape.after(axis + 1).numel()};
}

// max + log(sum(exp(x - max))) of `size` numbers at distance `step`; -infinity of none.
Real log_sum_exp(const Real* x, Index size, Index step) {
  double largest = -special::kInfinity;
  for (Index c = 0; c < size; ++c) {
    const double v = x[c * step];
    if (v > largest || std::isnan(v)) largest = v;
  }
  if (!std::isfinite(largest)) return static_cast<Real>(largest);
  double total = 0;
  for (Index c = 0; c < size; ++c) total += special::exp(x[c * step] - largest);
  return static_cast<Real>(largest + special::log(total));
}

// Calls row(offset) for every row of the node that has a reached element, and opens the operand's
// adjoint on these rows.
template <class F>
void pull_back_rows(Node& n, F f) {
  Node& in = *n.operands[0];
  const Rows rows{n.ints[0], n.ints[1], n.ints[2]};
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) {
    const Shape shape{rows.outer, rows.size, rows.inner};
    const Shape kept{rows.outer, 1, rows.inner};
    reach = as_reach(any_to_shape(reach_of(n).reshape(shape), kept).broadcast_to(shape));
  }
  Real* out = open_sum(in, reach);
  for (Index o = 0; o < rows.outer; ++o) {
    for (Index i = 0; i < rows.inner; ++i) {
      const Index offset = o * rows.size * rows.inner + i;
      if (rows.size > 0 && (reach == nullptr || (*reach)[offset])) f(offset, rows, out);
    }
  }
}

bool is_reached(const Node& n, Index i) { return n.reach == nullptr || (*n.reach)[i]; }

Real adjoint_at(const Node& n, Index i) { return is_reached(n, i) ? n.adjoint[i] : Real{0}; }

template <class F>
Tensor along_rows(Op op, const Tensor& x, Index axis, F f) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, name_of(op));
  Node* out = new_result(op, in.shape, {&in});
  Tensor result(out);
  const Rows rows = rows_of(in.shape, a);
  out->ints = {rows.outer, rows.size, rows.inner, 0};
  const Real* from = values(in);
  for (Index o = 0; o < rows.outer; ++o) {
    for (Index i = 0; i < rows.inner; ++i) {
      const Index offset = o * rows.size * rows.inner + i;
      const Real total = log_sum_exp(from + offset, rows.size, rows.inner);
      for (Index c = 0; c < rows.size; ++c) {
        const Index at = offset + c * rows.inner;
        out->value[at] = f(from[at] - total);
      }
    }
  }
  return result;
}

}  // namespace

void backward_logsumexp(Node& n) {
  Node& in = *n.operands[0];
  const Shape kept = in.shape.with(static_cast<std::size_t>(n.ints[0]), 1);
  const Rows rows = rows_of(in.shape, static_cast<std::size_t>(n.ints[0]));
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) reach = as_reach(reach_of(n).reshape(kept).broadcast_to(in.shape));
  Real* out = open_sum(in, reach);
  const Real* x = values(in);
  for_reached(n.numel, n.reach, [&](Index r) {
    const Index offset = r / rows.inner * rows.size * rows.inner + r % rows.inner;
    const Real total = values(n)[r];
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      // all of the row -infinity: nothing moves it
      const Real p =
          std::isinf(total) && total < 0 ? Real{0} : static_cast<Real>(special::exp(x[at] - total));
      out[at] += n.adjoint[r] * p;
    }
  });
}

void backward_softmax(Node& n) {
  pull_back_rows(n, [&](Index offset, const Rows& rows, Real* out) {
    Real mean = 0;
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      if (is_reached(n, at)) mean += n.adjoint[at] * values(n)[at];
    }
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      out[at] += values(n)[at] * (adjoint_at(n, at) - mean);
    }
  });
}

void backward_log_softmax(Node& n) {
  pull_back_rows(n, [&](Index offset, const Rows& rows, Real* out) {
    Real total = 0;
    for (Index c = 0; c < rows.size; ++c) total += adjoint_at(n, offset + c * rows.inner);
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      out[at] += adjoint_at(n, at) - total * static_cast<Real>(special::exp(values(n)[at]));
    }
  });
}

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
  if (!axes.list()) {
    const Tensor flat = logsumexp(reshape(x, {x.numel()}), 0);
    return reshape(flat, detail::result_shape(x.shape(), axes, "logsumexp", keepdim));
  }
  if (axes.list()->size() != 1) {
    // one axis after the other, each kept, so that the numbers of the others stay right
    const Shape shape = detail::result_shape(x.shape(), axes, "logsumexp", keepdim);
    Tensor result = x;
    for (Index axis : *axes.list()) result = logsumexp(result, axis, true);
    return reshape(result, shape);
  }
  Node& in = x.node();
  const std::size_t a = normalize_axis((*axes.list())[0], in.shape, "logsumexp");
  Node* out =
      detail::new_result(Op::logsumexp, keepdim ? in.shape.with(a, 1) : in.shape.without(a), {&in});
  Tensor result(out);
  out->ints[0] = static_cast<Index>(a);
  const detail::Rows rows = detail::rows_of(in.shape, a);
  for (Index r = 0; r < out->numel; ++r) {
    const Index offset = r / rows.inner * rows.size * rows.inner + r % rows.inner;
    out->value[r] = detail::log_sum_exp(detail::values(in) + offset, rows.size, rows.inner);
  }
  return result;
}

Tensor softmax(const Tensor& x, Index axis) {
  return detail::along_rows(Op::softmax, x, axis,
                            [](Real v) { return static_cast<Real>(special::exp(v)); });
}

Tensor log_softmax(const Tensor& x, Index axis) {
  return detail::along_rows(Op::log_softmax, x, axis, [](Real v) { return v; });
}

}  // namespace ember
