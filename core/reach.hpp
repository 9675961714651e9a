// Reach: where an adjoint can be non-zero. Masks start it, and it travels backward through the
// operators: element-wise the same; reduced, repeated or selected with the axes. An adjoint is
// defined on its reach only: outside of it nobody has written, and nobody may read. So a hidden
// number is never multiplied, not even by zero, and hidden work is skipped.
#pragma once

#include <ember/core/tape.hpp>

namespace ember::detail {

/// Where an operator's contribution to an operand's adjoint goes: positions of the reach are
/// stored, or added to what is there. What is stored outside of the reach is never read.
struct Sink {
  Real* data;
  bool add;
};

/// Opens the adjoint of an operand for a contribution on `reach` (null: everywhere). The first
/// writer stores.
Sink open_adjoint(Node& operand, const MaskBytes* reach);
/// The same on the reach of `node`, an operator with as many elements that is done with its own
/// adjoint: the first writer stores there, unless an optimiser has room for what it stores.
Sink open_over(Node& node, Node& operand);

/// As open_adjoint, for contributions that are summed up: what is new of the reach is set to zero
/// first.
Real* open_sum(Node& operand, const MaskBytes* reach);
/// The same on the positions whose byte is 1. Null where there are none, or no gradient is needed.
Real* open_sum_at(Node& operand, Bytes bytes);

/// Hands a buffer of adjoint values over as the operand's adjoint, without a copy where it is the
/// first. The buffer lies in the tape's arena and is the operand's from then on.
void hand_over(Node& operand, Real* buffer, const MaskBytes* reach);
/// The same of what is multiplied with a number first.
void hand_over_times(Node& operand, Real* buffer, const MaskBytes* reach, Real factor);

/// The reach of a node's adjoint as a mask of its shape.
Mask reach_of(const Node& node);
/// The bytes of a mask, kept alive until the recording ends (null where the mask is all). The mask
/// is not none.
inline const MaskBytes* as_reach(const Mask& mask) {
  return mask.bytes() ? Tape::current().keep(mask.bytes()) : nullptr;
}

/// Calls f(i) for the reached positions of 0 .. n-1; where most are reached, for all of them.
template <class F>
void for_reached_loosely(Index n, const MaskBytes* reach, F&& f) {
  if (reach != nullptr && reach->is_sparse()) {
    for (Index i : reach->positions()) f(i);
  } else {
#pragma omp simd
    for (Index i = 0; i < n; ++i) f(i);
  }
}

/// Calls f(i) for exactly the reached positions.
template <class F>
void for_reached(Index n, const MaskBytes* reach, F&& f) {
  if (reach == nullptr) {
    for (Index i = 0; i < n; ++i) f(i);
  } else {
    for (Index i : reach->positions()) f(i);
  }
}

/// Adds a number to the adjoint of an operand of one element.
inline void contribute_number(Node& operand, Real x) {
  if (operand.has_adjoint) {
    *operand.adjoint += x;
    return;
  }
  operand.has_adjoint = true;
  operand.adjoint = &operand.scalar_adjoint;
  operand.reach = nullptr;
  operand.scalar_adjoint = x;
}

/// Writes f(i) to a sink, or adds it, at each position of a reach of n elements.
template <class F>
void contribute_to(const Sink& sink, Index n, const MaskBytes* reach, F&& f) {
  Real* out = sink.data;
  if (!sink.add) {
    for_reached_loosely(n, reach, [&](Index i) { out[i] = f(i); });
  } else if (reach == nullptr || reach->is_sparse()) {
    for_reached_loosely(n, reach, [&](Index i) { out[i] += f(i); });
  } else {
    const std::uint8_t* reached = reach->data();
#pragma omp simd
    for (Index i = 0; i < n; ++i) out[i] = kept_or(reached[i], out[i] + f(i), out[i]);
  }
}
/// Adds f(i) to an operand's adjoint at each position of a reach.
template <class F>
void contribute_on(Node& operand, const MaskBytes* reach, F&& f) {
  if (!operand.requires_grad) return;
  if (operand.numel == 1) return contribute_number(operand, f(Index{0}));
  contribute_to(open_adjoint(operand, reach), operand.numel, reach, f);
}
/// Adds f(i), a contribution at each position of `node`, to an operand of the same number of
/// elements.
template <class F>
void contribute(Node& node, Node& operand, F&& f) {
  contribute_on(operand, node.reach, f);
}
/// The same for who is done with the node's adjoint: where the operand has none yet, f(i) is
/// written over number i of that. No memory is taken and fetched.
template <class F>
void contribute_last(Node& node, Node& operand, F&& f) {
  if (!operand.requires_grad) return;
  if (operand.numel == 1) return contribute_number(operand, f(Index{0}));
  contribute_to(open_over(node, operand), operand.numel, node.reach, f);
}

}  // namespace ember::detail
