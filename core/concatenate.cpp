// Tensors joined along an axis.
#include <algorithm>

#include <ember/core/reach.hpp>
#include <ember/core/selection.hpp>

namespace ember {
namespace detail {
namespace {

void join_values(Node& out, std::span<Node* const> parts) {
  const auto axis = static_cast<std::size_t>(out.ints[0]);
  const Index outer = out.shape.first(axis).numel();
  const Index inner = out.shape.after(axis + 1).numel();
  const Index total = out.shape[axis] * inner;
  Real* to = out.value;
  for (const Node* node : parts) {
    const Real* from = values(*node);
    const Index length = node->shape[axis] * inner;
    if (length == 1) {  // a call for each number would cost more than the number
      for (Index o = 0; o < outer; ++o) to[o * total] = from[o];
    } else {
      for (Index o = 0; o < outer; ++o) std::copy_n(from + o * length, length, to + o * total);
    }
    to += length;
  }
}

}  // namespace

void forward_concatenate(Node& n) {
  join_values(n, {n.operands, static_cast<std::size_t>(n.operand_count)});
}

void backward_concatenate(Node& n) {
  const auto axis = static_cast<std::size_t>(n.ints[0]);
  const Index inner = n.shape.after(axis + 1).numel();
  const Index outer = n.shape.first(axis).numel();
  const Index total = n.shape[axis] * inner;
  Index begin = 0;
  for (std::int32_t k = 0; k < n.operand_count; ++k) {
    Node& in = *n.operands[k];
    const Index length = in.shape[axis] * inner;
    const Index start = begin;
    begin += length;
    if (!in.requires_grad || in.numel == 0) continue;
    const MaskBytes* reach = nullptr;
    if (n.reach != nullptr) {
      Bytes bytes;
      bytes.reserve(static_cast<std::size_t>(in.numel));
      for (Index o = 0; o < outer; ++o) {
        const std::uint8_t* from = n.reach->data() + o * total + start;
        bytes.insert(bytes.end(), from, from + length);
      }
      const Mask mask = Mask::from_bytes(in.shape, std::move(bytes));
      if (mask.is_none()) continue;
      reach = as_reach(mask);
    }
    Real* out = open_sum(in, reach);
    if (reach != nullptr) {
      for_reached(in.numel, reach,
                  [&](Index i) { out[i] += n.adjoint[i / length * total + start + i % length]; });
      continue;
    }
    const Real* adjoint = n.adjoint + start;
    if (length == 1) {
      for (Index o = 0; o < outer; ++o) out[o] += adjoint[o * total];
      continue;
    }
    for (Index o = 0; o < outer; ++o) {
      Real* to = out + o * length;
      const Real* from = adjoint + o * total;
#pragma omp simd
      for (Index i = 0; i < length; ++i) to[i] += from[i];
    }
  }
}

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor concatenate(std::span<const Tensor> tensors, Index axis) {
  if (tensors.empty()) fail("concatenate", "there is nothing to join", "give one tensor or more");
  const Shape& first = tensors.front().shape();
  const std::size_t a = normalize_axis(axis, first, "concatenate");
  Index size = 0;
  detail::PooledVector<Node*> nodes;
  for (const Tensor& x : tensors) {
    if (x.shape().rank() != first.rank() || !(x.shape().without(a) == first.without(a))) {
      fail("concatenate",
           "shapes " + to_string(first) + " and " + to_string(x.shape()) +
               " can't be joined along axis " + std::to_string(a),
           "all other sizes must agree");
    }
    size += x.shape()[a];
    nodes.push_back(&x.node());
  }
  Node* out = detail::new_result(Op::concatenate, first.with(a, size), nodes);
  Tensor result(out);
  out->ints[0] = static_cast<Index>(a);
  detail::join_values(*out, nodes);
  return result;
}

Tensor stack(std::span<const Tensor> tensors, Index axis) {
  if (tensors.empty()) fail("stack", "there is nothing to join", "give one tensor or more");
  const Shape& shape = tensors.front().shape();
  const Shape wide = shape.with_new_axis(axis, "stack");
  detail::PooledVector<Tensor> rows;
  for (const Tensor& x : tensors) {
    if (!(x.shape() == shape))
      fail("stack", "shapes " + to_string(shape) + " and " + to_string(x.shape()) + " differ",
           "all must be equal");
    rows.push_back(reshape(x, wide));
  }
  return concatenate(std::span<const Tensor>(rows), axis);
}

Tensor concatenate(std::initializer_list<Tensor> tensors, Index axis) {
  return concatenate(std::span<const Tensor>(tensors.begin(), tensors.size()), axis);
}
Tensor stack(std::initializer_list<Tensor> tensors, Index axis) {
  return stack(std::span<const Tensor>(tensors.begin(), tensors.size()), axis);
}

}  // namespace ember
