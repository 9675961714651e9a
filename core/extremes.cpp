// The largest and the smallest element. NaN beats every number; among equals the first one wins.
#include <algorithm>
#include <cmath>

#include <ember/core/broadcast.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reads.hpp>
#include <ember/core/reduced.hpp>

namespace ember {
namespace detail {
namespace {

bool larger(Real a, Real b) { return a > b; }
bool smaller(Real a, Real b) { return a < b; }

// The positions of the winners, one for each element of `kept`.
template <class Beats>
PooledVector<Index> winners_of(const Node& in, const Shape& kept, Beats beats) {
  PooledVector<Index> winners(static_cast<std::size_t>(kept.numel()), -1);
  const Real* from = values(in);
  const BroadcastPlan<1> plan(in.shape, {&kept});
  plan.for_each_run([&](Index position, const auto& offsets, Index n) {
    for (Index i = 0; i < n; ++i) {
      Index& winner = winners[static_cast<std::size_t>(offsets[0] + i * plan.strides[0][0])];
      const Real v = from[position + i];
      const bool better =
          winner < 0 || (!std::isnan(from[winner]) && (beats(v, from[winner]) || std::isnan(v)));
      if (better) winner = position + i;
    }
  });
  return winners;
}

void check_not_empty(const Node& in, const Shape& result, const char* who) {
  if (in.numel == 0 && result.numel() > 0) {
    fail(who, "shape " + to_string(in.shape) + " has no elements to choose from",
         "reduce an axis that has some, or leave empty groups out before");
  }
}

// The winners' values, and their positions where there is room for them.
template <class Beats>
void choose(Node& out, const Node& in, Beats beats) {
  const PooledVector<Index> winners = winners_of(in, kept_from_bits(in.shape, out.ints[0]), beats);
  for (Index i = 0; i < out.numel; ++i) {
    out.value[i] = values(in)[winners[static_cast<std::size_t>(i)]];
  }
  if (out.aux != nullptr) std::copy(winners.begin(), winners.end(), static_cast<Index*>(out.aux));
}

template <class Beats>
Tensor extreme(Op op, const Tensor& x, const Axes& axes, bool keepdim, Beats beats) {
  Node& in = x.node();
  const Shape shape = result_shape(in.shape, axes, name_of(op), keepdim);
  check_not_empty(in, shape, name_of(op));
  Node* out = new_result(op, shape, {&in});
  Tensor result(out);
  out->ints[0] = axis_bits(in.shape, axes, name_of(op));
  if (out->requires_grad) {
    out->aux = Tape::current().allocate_auxiliary<Index>(static_cast<std::size_t>(out->numel));
  }
  choose(*out, in, beats);
  return result;
}

template <class Beats>
Tensor index_of_extreme(const char* who, const Tensor& x, Index axis, bool keepdim, Beats beats) {
  const Node& in = x.node();
  Tape::current().check_owner(in, who);
  note_read(in);
  const std::size_t a = normalize_axis(axis, in.shape, who);
  const Shape shape = result_shape(in.shape, axis, who, keepdim);
  check_not_empty(in, shape, who);
  const PooledVector<Index> winners = winners_of(in, kept_shape(in.shape, axis, who), beats);
  const Index inner = in.shape.after(a + 1).numel();
  Node* out = new_constant(shape, in.sources);
  for (Index i = 0; i < out->numel; ++i) {
    out->value[i] = static_cast<Real>(winners[static_cast<std::size_t>(i)] / inner % in.shape[a]);
  }
  return Tensor(out);
}

}  // namespace

void forward_max(Node& n) { choose(n, *n.operands[0], larger); }
void forward_min(Node& n) { choose(n, *n.operands[0], smaller); }

void backward_max(Node& n) {
  Node& in = *n.operands[0];
  const auto* winners = static_cast<const Index*>(n.aux);
  Bytes bytes(static_cast<std::size_t>(in.numel));
  for_reached(n.numel, n.reach, [&](Index i) { bytes[static_cast<std::size_t>(winners[i])] = 1; });
  Real* out = open_sum_at(in, std::move(bytes));
  if (out == nullptr) return;
  for_reached(n.numel, n.reach, [&](Index i) { out[winners[i]] += n.adjoint[i]; });
}

void backward_min(Node& n) { backward_max(n); }

}  // namespace detail

using detail::larger;
using detail::Op;
using detail::smaller;

Tensor max(const Tensor& x, const Axes& axes, bool keepdim) {
  return detail::extreme(Op::max, x, axes, keepdim, larger);
}

Tensor min(const Tensor& x, const Axes& axes, bool keepdim) {
  return detail::extreme(Op::min, x, axes, keepdim, smaller);
}

Tensor argmax(const Tensor& x, Index axis, bool keepdim) {
  return detail::index_of_extreme("argmax", x, axis, keepdim, larger);
}

Tensor argmin(const Tensor& x, Index axis, bool keepdim) {
  return detail::index_of_extreme("argmin", x, axis, keepdim, smaller);
}

}  // namespace ember
