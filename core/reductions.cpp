// Sums and means over axes, and running sums along one.
#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/expression.hpp>
#include <ember/core/expression_sum.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reduced.hpp>

namespace ember {
namespace detail {
namespace {

// Sums over the axes of a node's attributes, times its factor.
void add_up(Node& out, const Node& in) {
  const Real factor = out.reals[0];
  const Real* from = values(in);
  if (out.numel == 1) {
    Real total = 0;
#pragma omp simd reduction(+ : total)
    for (Index i = 0; i < in.numel; ++i) total += from[i];
    *out.value = total * factor;
    return;
  }
  std::fill_n(out.value, out.numel, Real{0});
  const Shape kept = kept_from_bits(in.shape, out.ints[0]);
  const BroadcastPlan<1> plan(in.shape, {&kept});
  plan.for_each_run([&](Index position, const auto& offsets, Index n) {
    Real* to = out.value + offsets[0];
    if (plan.strides[0][0] == 0) {
      Real total = 0;
#pragma omp simd reduction(+ : total)
      for (Index i = 0; i < n; ++i) total += from[position + i];
      *to += total;
    } else {
#pragma omp simd
      for (Index i = 0; i < n; ++i) to[i] += from[position + i];
    }
  });
  if (factor != 1) {
    for (Index i = 0; i < out.numel; ++i) out.value[i] *= factor;
  }
}

Tensor add_up(Op op, const Tensor& x, const Axes& axes, bool keepdim, Real factor) {
  Node& in = x.node();
  const Shape shape = result_shape(in.shape, axes, name_of(op), keepdim);
  if (shape.numel() == 1 && Expression::has_steps(in)) {
    const Tensor total = sum_of_expression(in);
    return reshape(factor == 1 ? total : total * factor, shape);
  }
  Node* out = new_result(op, shape, {&in});
  Tensor result(out);
  out->ints[0] = axis_bits(in.shape, axes, name_of(op));
  out->reals[0] = factor;
  add_up(*out, in);
  return result;
}

void run_up(Node& out, const Node& in) {
  const Index size = out.ints[0], inner = out.ints[1];
  const Real* from = values(in);
  for (Index i = 0; i < in.numel; ++i) {
    const bool first = i / inner % size == 0;
    out.value[i] = first ? from[i] : out.value[i - inner] + from[i];
  }
}

}  // namespace

void forward_sum(Node& n) { add_up(n, *n.operands[0]); }
void forward_mean(Node& n) { add_up(n, *n.operands[0]); }

void backward_sum(Node& n) {
  Node& in = *n.operands[0];
  if (n.numel == 1 && n.reach == nullptr) {  // all into one: there are no axes to walk
    const Real g = *n.adjoint * n.reals[0];
    const Sink all = open_adjoint(in, nullptr);
    Real* to = all.data;
    if (!all.add) {
      std::fill_n(to, in.numel, g);
    } else {
#pragma omp simd
      for (Index i = 0; i < in.numel; ++i) to[i] += g;
    }
    return;
  }
  const Shape kept = kept_from_bits(in.shape, n.ints[0]);
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) reach = as_reach(reach_of(n).reshape(kept).broadcast_to(in.shape));
  const Sink sink = open_adjoint(in, reach);
  const BroadcastPlan<1> plan(in.shape, {&kept});
  const Real* adjoint = n.adjoint;
  const Real factor = n.reals[0];
  if (reach != nullptr && reach->is_sparse()) {
    for (Index i : reach->positions()) {
      const Real g = adjoint[plan.offsets_at(i)[0]] * factor;
      sink.data[i] = sink.add ? sink.data[i] + g : g;
    }
    return;
  }
  // What a first writer stores outside of the reach is never read.
  const std::uint8_t* reached = reach != nullptr && sink.add ? reach->data() : nullptr;
  const Index stride = plan.strides[0][0];
  plan.for_each_run([&](Index position, const auto& offsets, Index length) {
    Real* to = sink.data + position;
    const Real* from = adjoint + offsets[0];
    if (!sink.add) {  // NOLINT(bugprone-branch-clone): it does not see into omp
#pragma omp simd
      for (Index i = 0; i < length; ++i) to[i] = from[i * stride] * factor;
    } else if (reached == nullptr) {
#pragma omp simd
      for (Index i = 0; i < length; ++i) to[i] += from[i * stride] * factor;
    } else {
      const std::uint8_t* here = reached + position;
#pragma omp simd
      for (Index i = 0; i < length; ++i) {
        to[i] = kept_or(here[i], to[i] + from[i * stride] * factor, to[i]);
      }
    }
  });
}

void backward_mean(Node& n) { backward_sum(n); }

void forward_cumsum(Node& n) { run_up(n, *n.operands[0]); }

void backward_cumsum(Node& n) {
  Node& in = *n.operands[0];
  const Index inner = n.ints[1];
  const Index size = n.ints[0];
  const Index outer = n.numel == 0 ? 0 : n.numel / (inner * size);
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) {
    Bytes bytes(n.reach->data(), n.reach->data() + n.numel);
    for (Index o = 0; o < outer; ++o) {
      for (Index t = size - 1; t > 0; --t) {
        std::uint8_t* row = bytes.data() + (o * size + t) * inner;
        for (Index i = 0; i < inner; ++i) row[i - inner] |= row[i];
      }
    }
    reach = as_reach(Mask::from_bytes(in.shape, std::move(bytes)));
  }
  Real* out = open_sum(in, reach);
  for (Index o = 0; o < outer; ++o) {
    for (Index i = 0; i < inner; ++i) {
      Real running = 0;
      for (Index t = size - 1; t >= 0; --t) {
        const Index at = (o * size + t) * inner + i;
        if (n.reach == nullptr || (*n.reach)[at]) running += n.adjoint[at];
        if (reach == nullptr || (*reach)[at]) out[at] += running;
      }
    }
  }
}

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  return detail::add_up(Op::sum, x, axes, keepdim, 1);
}

Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  const Index n = detail::result_shape(x.shape(), axes, "mean", false).numel();
  const Index count = n == 0 ? 0 : x.numel() / n;
  if (n > 0 && count == 0) {
    fail("mean", "shape " + to_string(x.shape()) + " has no elements to average",
         "reduce an axis that has some, or leave empty groups out before");
  }
  return detail::add_up(Op::mean, x, axes, keepdim,
                        n == 0 ? Real{1} : 1 / static_cast<Real>(count));
}

Tensor cumsum(const Tensor& x, Index axis) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "cumsum");
  Node* out = detail::new_result(Op::cumsum, in.shape, {&in});
  Tensor result(out);
  const Index size = in.shape[a];
  const Index inner = in.shape.after(a + 1).numel();
  out->ints = {size, inner, 0, 0};
  detail::run_up(*out, in);
  return result;
}

}  // namespace ember
