// Operators that take elements out: every result element is a copy of one operand element, so that
// forward is a list of runs to copy, and backward and reach follow it back.
#include <algorithm>

#include <ember/core/linalg.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

// The result made of runs of `run` neighbours: run r begins with the operand's element from(r).
template <class F>
Tensor copy_runs(Op op, Node& in, const Shape& shape, Index run, F from) {
  Node* out = new_result(op, shape, {&in});
  Tensor result(out);
  const Index runs = out->numel == 0 ? 0 : out->numel / run;
  Index* starts = nullptr;
  if (out->requires_grad) {
    starts = Tape::current().allocate_auxiliary<Index>(static_cast<std::size_t>(runs));
    out->aux = starts;
    out->ints = {run, runs, 0, 0};
  }
  const Real* value = values(in);
  for (Index r = 0; r < runs; ++r) {
    const Index at = from(r);
    if (run == 1) {
      out->value[r] = value[at];
    } else {
      std::copy_n(value + at, run, out->value + r * run);
    }
    if (starts != nullptr) starts[r] = at;
  }
  return result;
}

// Adjoints go back to where the elements came from; nobody else of the operand is reached.
void return_runs(Node& n) {
  Node& in = *n.operands[0];
  const auto* starts = static_cast<const Index*>(n.aux);
  const Index run = n.ints[0];
  const Index runs = n.ints[1];
  const auto source = [&](Index i) { return run == 1 ? starts[i] : starts[i / run] + i % run; };
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr || n.op != Op::transpose) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(in.numel));
    if (n.reach == nullptr) {
      for (Index r = 0; r < runs; ++r) std::fill_n(bytes.data() + starts[r], run, 1);
    } else {
      for_reached(n.numel, n.reach,
                  [&](Index i) { bytes[static_cast<std::size_t>(source(i))] = 1; });
    }
    const Mask mask = Mask::from_bytes(in.shape, std::move(bytes));
    if (mask.is_none() || in.numel == 0) return;
    reach = as_reach(mask);
  }
  Real* out = open_sum(in, reach);
  if (n.reach != nullptr) {
    for_reached(n.numel, n.reach, [&](Index i) { out[source(i)] += n.adjoint[i]; });
    return;
  }
  for (Index r = 0; r < runs; ++r) {
    Real* to = out + starts[r];
    const Real* from = n.adjoint + r * run;
#pragma omp simd
    for (Index i = 0; i < run; ++i) to[i] += from[i];
  }
}

Index checked_index(Index i, const Shape& shape, std::size_t axis, const char* who) {
  const Index size = shape[axis];
  if (i < -size || i >= size) {
    fail(who, "index " + std::to_string(i) + " is outside of axis " + std::to_string(axis) +
                  " of shape " + to_string(shape));
  }
  return i < 0 ? i + size : i;
}

}  // namespace

void backward_transpose(Node& n) { return_runs(n); }
void backward_slice(Node& n) { return_runs(n); }
void backward_index_select(Node& n) { return_runs(n); }
void backward_gather(Node& n) { return_runs(n); }
void backward_diagonal(Node& n) { return_runs(n); }

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
      std::vector<std::uint8_t> bytes;
      for (Index o = 0; o < outer; ++o) {
        const std::uint8_t* from = n.reach->data() + o * total + start;
        bytes.insert(bytes.end(), from, from + length);
      }
      const Mask mask = Mask::from_bytes(in.shape, std::move(bytes));
      if (mask.is_none()) continue;
      reach = as_reach(mask);
    }
    Real* out = open_sum(in, reach);
    for_reached(in.numel, reach,
                [&](Index i) { out[i] += n.adjoint[i / length * total + start + i % length]; });
  }
}

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor transpose(const Tensor& x) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  if (rank < 2)
    fail("transpose", "shape " + to_string(in.shape) + " has fewer than two axes",
         "reshape it first");
  const Index rows = in.shape[rank - 2];
  const Index columns = in.shape[rank - 1];
  const Shape shape = concatenate(in.shape.first(rank - 2), Shape{columns, rows});
  const Index size = rows * columns;
  return detail::copy_runs(Op::transpose, in, shape, 1, [=](Index i) {
    const Index j = i % size;
    return i - j + j % rows * columns + j / rows;
  });
}

Tensor slice(const Tensor& x, Index axis, Index begin, Index end) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "slice");
  const Index size = in.shape[a];
  const Index from = begin < 0 ? begin + size : begin;
  const Index to = end < 0 ? end + size : end;
  if (from < 0 || to > size || from > to) {
    fail("slice",
         "from " + std::to_string(begin) + " to " + std::to_string(end) + " of axis " +
             std::to_string(a) + " of shape " + to_string(in.shape),
         "0 <= begin <= end <= " + std::to_string(size));
  }
  const Index inner = in.shape.after(a + 1).numel();
  const Index length = (to - from) * inner;
  return detail::copy_runs(Op::slice, in, in.shape.with(a, to - from), length,
                           [=](Index r) { return (r * size + from) * inner; });
}

Tensor select(const Tensor& x, Index axis, Index i) {
  const std::size_t a = normalize_axis(axis, x.shape(), "select");
  const Index at = detail::checked_index(i, x.shape(), a, "select");
  return reshape(slice(x, static_cast<Index>(a), at, at + 1), x.shape().without(a));
}

Tensor index_select(const Tensor& x, Index axis, const Indices& indices) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "index_select");
  std::vector<Index> rows;
  for (Index i : indices.values())
    rows.push_back(detail::checked_index(i, in.shape, a, "index_select"));
  const Index inner = in.shape.after(a + 1).numel();
  const Index size = in.shape[a];
  const auto count = static_cast<Index>(rows.size());
  return detail::copy_runs(Op::index_select, in, in.shape.with(a, count), inner, [&](Index r) {
    return (r / count * size + rows[static_cast<std::size_t>(r % count)]) * inner;
  });
}

Tensor gather(const Tensor& x, Index axis, const Tensor& index) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "gather");
  const Shape& shape = index.shape();
  if (shape.rank() != in.shape.rank() || !(shape.without(a) == in.shape.without(a))) {
    fail("gather",
         "index of shape " + to_string(shape) + " does not fit a tensor of shape " +
             to_string(in.shape),
         "on all axes but " + std::to_string(a) + " the sizes must agree");
  }
  const Indices indices(index);
  const Index inner = in.shape.after(a + 1).numel();
  const Index length = shape[a] * inner;
  const Index size = in.shape[a];
  return detail::copy_runs(Op::gather, in, shape, 1, [&](Index i) {
    const Index at =
        detail::checked_index(indices.values()[static_cast<std::size_t>(i)], in.shape, a, "gather");
    return (i / length * size + at) * inner + i % inner;
  });
}

Tensor diagonal(const Tensor& x) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  if (rank < 2) {
    fail("diagonal", "shape " + to_string(in.shape) + " has fewer than two axes",
         "reshape it first");
  }
  const Index columns = in.shape[rank - 1];
  const Index size = in.shape[rank - 2] * columns;
  const Index length = std::min(in.shape[rank - 2], columns);
  const Shape shape = concatenate(in.shape.first(rank - 2), Shape{length});
  return detail::copy_runs(Op::diagonal, in, shape, 1,
                           [=](Index i) { return i / length * size + i % length * (columns + 1); });
}

Tensor concatenate(const std::vector<Tensor>& tensors, Index axis) {
  if (tensors.empty()) fail("concatenate", "there is nothing to join", "give one tensor or more");
  const Shape& first = tensors.front().shape();
  const std::size_t a = normalize_axis(axis, first, "concatenate");
  Index size = 0;
  std::vector<Node*> nodes;
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
  const Index outer = first.first(a).numel();
  const Index inner = first.after(a + 1).numel();
  Real* to = out->value;
  for (Index o = 0; o < outer; ++o) {
    for (const Node* node : nodes) {
      const Index length = node->shape[a] * inner;
      to = std::copy_n(detail::values(*node) + o * length, length, to);
    }
  }
  return result;
}

Tensor stack(const std::vector<Tensor>& tensors, Index axis) {
  if (tensors.empty()) fail("stack", "there is nothing to join", "give one tensor or more");
  const Shape& shape = tensors.front().shape();
  const Index rank = static_cast<Index>(shape.rank());
  if (axis < -rank - 1 || axis > rank)
    fail("stack", "axis " + std::to_string(axis) + " for shape " + to_string(shape));
  const auto a = static_cast<std::size_t>(axis < 0 ? axis + rank + 1 : axis);
  Shape wide = shape.first(a);
  wide.push_back(1);
  wide = concatenate(wide, shape.after(a));
  std::vector<Tensor> rows;
  for (const Tensor& x : tensors) {
    if (!(x.shape() == shape))
      fail("stack", "shapes " + to_string(shape) + " and " + to_string(x.shape()) + " differ",
           "all must be equal");
    rows.push_back(reshape(x, wide));
  }
  return concatenate(rows, static_cast<Index>(a));
}

}  // namespace ember
