// Products over axes. The derivative by one factor is the product of the others: those before it
// times those after it, so that zeros and infinities do no harm.
#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reduced.hpp>

namespace ember {
namespace detail {
namespace {

void multiply_up(Node& out, const Node& in) {
  std::fill_n(out.value, out.numel, Real{1});
  const Shape kept = kept_from_bits(in.shape, out.ints[0]);
  const BroadcastPlan<1> plan(in.shape, {&kept});
  plan.for_each([&](Index position, const auto& at) { out.value[at[0]] *= values(in)[position]; });
}

}  // namespace

void forward_prod(Node& n) { multiply_up(n, *n.operands[0]); }

void backward_prod(Node& n) {
  Node& in = *n.operands[0];
  if (in.numel == 0) return;
  const Shape kept = kept_from_bits(in.shape, n.ints[0]);
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) reach = as_reach(reach_of(n).reshape(kept).broadcast_to(in.shape));
  Real* out = open_sum(in, reach);
  // The operand's positions, group after group of those that are multiplied.
  const Index size = in.numel / n.numel;
  PooledVector<Index> positions(static_cast<std::size_t>(in.numel));
  PooledVector<Index> filled(static_cast<std::size_t>(n.numel));
  const BroadcastPlan<1> plan(in.shape, {&kept});
  plan.for_each([&](Index position, const auto& at) {
    Index& count = filled[static_cast<std::size_t>(at[0])];
    positions[static_cast<std::size_t>(at[0] * size + count++)] = position;
  });
  const Real* x = values(in);
  PooledVector<Real> before(static_cast<std::size_t>(size));
  for_reached(n.numel, n.reach, [&](Index r) {
    const Index* group = positions.data() + r * size;
    Real product = 1;
    for (Index i = 0; i < size; ++i) {
      before[static_cast<std::size_t>(i)] = product;
      product *= x[group[i]];
    }
    product = 1;
    for (Index i = size - 1; i >= 0; --i) {
      out[group[i]] += n.adjoint[r] * (before[static_cast<std::size_t>(i)] * product);
      product *= x[group[i]];
    }
  });
}

}  // namespace detail

Tensor prod(const Tensor& x, const Axes& axes, bool keepdim) {
  using namespace detail;
  Node& in = x.node();
  Node* out = new_result(Op::prod, result_shape(in.shape, axes, "prod", keepdim), {&in});
  Tensor result(out);
  out->ints[0] = axis_bits(in.shape, axes, "prod");
  multiply_up(*out, in);
  return result;
}

}  // namespace ember
