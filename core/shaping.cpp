// Operators that show the same numbers under another shape, repeated, or without a gradient.
#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reads.hpp>

namespace ember {
namespace detail {
namespace {

void repeat(Node& out, const Node& in) {
  const BroadcastPlan<1> plan(out.shape, {&in.shape});
  plan.for_each_run([&](Index position, const auto& offsets, Index n) {
    const Real* from = values(in) + offsets[0];
    if (plan.strides[0][0] == 0) {
      std::fill_n(out.value + position, n, *from);
    } else {
      std::copy_n(from, n, out.value + position);
    }
  });
}

}  // namespace

// Of one element a view has its own room: see Tape::allocate_view.
void forward_reshape(Node& n) {
  if (n.numel == 1) {
    n.scalar = *values(*n.operands[0]);
  } else {
    n.value = const_cast<Real*>(values(*n.operands[0]));
  }
}
void forward_expand(Node& n) { repeat(n, *n.operands[0]); }

void backward_reshape(Node& n) { hand_over(*n.operands[0], n.adjoint, n.reach); }

void backward_expand(Node& n) {
  Node& in = *n.operands[0];
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) reach = as_reach(any_to_shape(reach_of(n), in.shape));
  Real* out = open_sum(in, reach);
  const BroadcastPlan<1> plan(n.shape, {&in.shape});
  plan.for_each_run([&](Index position, const auto& offsets, Index length) {
    for (Index i = 0; i < length; ++i) {
      if (n.reach == nullptr || (*n.reach)[position + i])
        out[offsets[0] + i * plan.strides[0][0]] += n.adjoint[position + i];
    }
  });
}

}  // namespace detail

using detail::Node;
using detail::Op;

namespace {

// The values of another tensor that waits, under another shape or without a gradient.
class OwedView final : public detail::Owed {
 public:
  OwedView(const Tensor& x, bool is_detached) : x_(x), is_detached_(is_detached) {
    is_blockwise = !is_detached && detail::allows_blocks(x);
  }
  void fill(Node& out) override { std::copy_n(detail::values(x_), out.numel, out.value); }
  Node* shown() const override { return &x_.node(); }
  Tensor take(const Node&, const detail::PlacesPtr& at, Index row) const override {
    const Tensor taken = detail::take(x_, x_.shape(), at, row);
    return is_detached_ ? detach(taken) : taken;
  }
  std::span<const Tensor> operands() const override { return {&x_, 1}; }

 private:
  Tensor x_;
  bool is_detached_;
};

}  // namespace

Tensor detail::view_of(const Tensor& x, const Shape& shape) {
  Node& in = x.node();
  if (waits(in)) return wait(Op::reshape, shape, {&in}, std::make_unique<OwedView>(x, false));
  return Tensor(new_view(Op::reshape, shape, in));
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  Node& in = x.node();
  if (in.numel != shape.numel()) {
    fail("reshape",
         "shape " + to_string(in.shape) + " has " + detail::counted(in.numel, "element") + ", " +
             to_string(shape) + " has " + std::to_string(shape.numel()),
         "the number of elements must stay");
  }
  return in.shape == shape ? x : detail::view_of(x, shape);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  Node& in = x.node();
  if (in.shape == shape) return x;
  if (!broadcasts_to(in.shape, shape)) {
    fail("expand", "shape " + to_string(in.shape) + " does not broadcast to " + to_string(shape),
         "axes are matched from the right; those that grow are of size 1 or absent");
  }
  Node* out = detail::new_result(Op::expand, shape, {&in});
  Tensor result(out);
  detail::repeat(*out, in);
  return result;
}

Tensor squeeze(const Tensor& x, Index axis) {
  const std::size_t a = normalize_axis(axis, x.shape(), "squeeze");
  if (x.shape()[a] != 1) {
    fail("squeeze",
         "axis " + std::to_string(axis) + " of shape " + to_string(x.shape()) + " is not of size 1",
         "select one of its indices, or reshape");
  }
  return reshape(x, x.shape().without(a));
}

Tensor unsqueeze(const Tensor& x, Index axis) {
  return reshape(x, x.shape().with_new_axis(axis, "unsqueeze"));
}

Tensor detach(const Tensor& x) {
  Node& in = x.node();
  if (!in.requires_grad) return x;
  detail::Tape& tape = detail::Tape::current();
  tape.check_owner(in, "detach");
  detail::note_read(in);
  if (detail::waits_for(x, in.numel, false)) {
    auto owed = std::make_unique<OwedView>(x, true);
    detail::wait_for(*owed, in);
    const Tensor waiting = detail::wait(Op::leaf, in.shape, {}, std::move(owed));
    detail::add_sources(waiting, in.sources);
    return waiting;
  }
  return Tensor(tape.allocate_view(in.shape, in));
}

Tensor Tensor::reshape(const Shape& shape) const { return ember::reshape(*this, shape); }
Tensor Tensor::slice(Index axis, Index begin, Index end) const {
  return ember::slice(*this, axis, begin, end);
}
Tensor Tensor::expand(const Shape& shape) const { return ember::expand(*this, shape); }

}  // namespace ember
