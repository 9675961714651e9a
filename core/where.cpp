// where: the elements of one operand where a mask is true, of the other elsewhere.
#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

void choose(Node& out, const Node& a, const Node& b, const std::uint8_t* chosen) {
  const BroadcastPlan<2> plan(out.shape, {&a.shape, &b.shape});
  with_strides(plan.strides[0][0], plan.strides[1][0], [&](auto sa, auto sb) {
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      const Real* from_a = values(a) + offsets[0];
      const Real* from_b = values(b) + offsets[1];
      for (Index i = 0; i < n; ++i) {
        out.value[position + i] = kept_or(chosen[position + i], from_a[i * sa], from_b[i * sb]);
      }
    });
  });
}

}  // namespace

void forward_where(Node& n) { choose(n, *n.operands[0], *n.operands[1], n.mask->data()); }

void backward_where(Node& n) {
  const Mask chosen = Mask::from_shared(n.shape, n.mask->shared_from_this());
  const Real* adjoint = n.adjoint;
  for (int k : {0, 1}) {
    Node& operand = *n.operands[k];
    if (!operand.requires_grad) continue;
    const Mask reach = reach_of(n) & (k == 0 ? chosen : !chosen);
    if (reach.is_none()) continue;
    // The other branch's elements are outside of the reach: what flows on is the adjoint itself.
    const MaskBytes* here = as_reach(reach);
    if (operand.numel == n.numel) {
      const Sink sink = open_adjoint(operand, here);
      Real* out = sink.data;
      const bool add = sink.add;
      for_reached(n.numel, here, [&](Index i) { out[i] = add ? out[i] + adjoint[i] : adjoint[i]; });
      continue;
    }
    Real* out = open_sum(operand, as_reach(any_to_shape(reach, operand.shape)));
    const BroadcastPlan<1> plan(n.shape, {&operand.shape});
    plan.for_each_run([&](Index position, const auto& offsets, Index length) {
      for (Index i = 0; i < length; ++i) {
        if (here == nullptr || (*here)[position + i])
          out[offsets[0] + i * plan.strides[0][0]] += adjoint[position + i];
      }
    });
  }
}

}  // namespace detail

Tensor where(const Mask& mask, const Tensor& x, const Tensor& y) {
  using detail::Node;
  using detail::Op;
  Node& a = x.node();
  Node& b = y.node();
  const Shape shape =
      broadcast_shapes(mask.shape(), broadcast_shapes(a.shape, b.shape, "where"), "where");
  if (mask.is_all()) return detail::with_sources(expand(x, shape), mask.sources());
  if (mask.is_none()) return detail::with_sources(expand(y, shape), mask.sources());
  const Mask full = mask.broadcast_to(shape, "where");
  if (!full.bytes()) return expand(x, shape);  // a shape without elements
  Node* out = detail::new_result(Op::where, shape, {&a, &b});
  Tensor result(out);
  detail::add_sources(result, mask.sources());
  if (out->op != Op::leaf) out->mask = detail::as_reach(full);
  detail::choose(*out, a, b, full.bytes()->data());
  return result;
}

}  // namespace ember
