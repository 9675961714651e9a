#include <ember/core/reach.hpp>

#include <algorithm>

namespace ember::detail {
namespace {

// Whether all of one reach lies in another.
bool is_within(const MaskBytes& reach, const MaskBytes& other) {
  if (reach.kept() > other.kept()) return false;
  if (reach.is_list()) {
    return std::ranges::all_of(reach.positions(), [&](Index i) { return other[i]; });
  }
  const std::uint8_t *inner = reach.data(), *outer = other.data();
  std::uint8_t outside = 0;
#pragma omp simd reduction(| : outside)
  for (Index i = 0; i < reach.size(); ++i) {
    outside = static_cast<std::uint8_t>(outside | (inner[i] & ~outer[i]));
  }
  return outside == 0;
}

// The union of two reaches of an operand's shape, neither of which is all.
const MaskBytes* join_reaches(const Node& operand, const MaskBytes* a, const MaskBytes* b) {
  if (a == b || is_within(*b, *a)) return a;
  if (is_within(*a, *b)) return b;
  return as_reach(Mask::from_shared(operand.shape, a->shared_from_this()) |
                  Mask::from_shared(operand.shape, b->shared_from_this()));
}

// Sets to zero what `reach` adds to the reach that the operand's adjoint has, and widens that.
void widen(Node& operand, const MaskBytes* reach) {
  if (operand.reach == nullptr || operand.reach == reach) return;
  if (reach != nullptr && is_within(*reach, *operand.reach)) return;
  const std::uint8_t* had = operand.reach->data();
  Real* adjoint = operand.adjoint;
#pragma omp simd
  for (Index i = 0; i < operand.numel; ++i) adjoint[i] = kept_or_zero(had[i], adjoint[i]);
  operand.reach = reach == nullptr ? nullptr : join_reaches(operand, operand.reach, reach);
}

}  // namespace

Sink open_adjoint(Node& operand, const MaskBytes* reach) {
  if (operand.has_adjoint) {
    widen(operand, reach);
    return {operand.adjoint, true};
  }
  Tape::current().allocate_adjoint(operand);
  operand.reach = reach;
  return {operand.adjoint, false};
}

Sink open_over(Node& node, Node& operand) {
  if (operand.has_adjoint) {
    widen(operand, node.reach);
    return {operand.adjoint, true};
  }
  Real* room = claim_room(operand);
  operand.has_adjoint = true;
  operand.adjoint = room != nullptr ? room : node.adjoint;
  operand.reach = node.reach;
  return {operand.adjoint, false};
}

Real* open_sum(Node& operand, const MaskBytes* reach) {
  const Sink sink = open_adjoint(operand, reach);
  if (!sink.add) {
    if (reach != nullptr && reach->is_sparse()) {
      for (Index i : reach->positions()) sink.data[i] = 0;
    } else {
      std::fill_n(sink.data, operand.numel, Real{0});
    }
  }
  return sink.data;
}

Real* open_sum_at(Node& operand, Bytes bytes) {
  if (!operand.requires_grad || operand.numel == 0) return nullptr;
  const Mask mask = Mask::from_bytes(operand.shape, std::move(bytes));
  return mask.is_none() ? nullptr : open_sum(operand, as_reach(mask));
}

namespace {

// Adds what the operand's adjoint is so far to a buffer, which becomes the adjoint. The room that
// an optimiser reads is claimed by who is recorded first, and so handed over last: the sum ends
// there.
void add_to_buffer(Node& operand, Real* buffer, const MaskBytes* reach) {
  const Real* before = operand.adjoint;
  const MaskBytes* had = operand.reach;
  const Index n = operand.numel;
  const bool is_same = had == reach;
  const std::uint8_t* old = is_same || had == nullptr ? nullptr : had->data();
  const std::uint8_t* fresh = is_same || reach == nullptr ? nullptr : reach->data();
  if (old != nullptr && fresh != nullptr) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      buffer[i] = kept_or_zero(old[i], before[i]) + kept_or_zero(fresh[i], buffer[i]);
    }
  } else if (old != nullptr) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) buffer[i] += kept_or_zero(old[i], before[i]);
  } else if (fresh != nullptr) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) buffer[i] = before[i] + kept_or_zero(fresh[i], buffer[i]);
  } else {
#pragma omp simd
    for (Index i = 0; i < n; ++i) buffer[i] += before[i];
  }
  operand.adjoint = buffer;
  operand.reach = had == nullptr || reach == nullptr ? nullptr : join_reaches(operand, had, reach);
}

}  // namespace

void hand_over(Node& operand, Real* buffer, const MaskBytes* reach) {
  if (operand.has_adjoint) {
    if (reach == nullptr || !reach->is_sparse()) return add_to_buffer(operand, buffer, reach);
    widen(operand, reach);
    Real* out = operand.adjoint;
    for (Index i : reach->positions()) out[i] += buffer[i];
    return;
  }
  operand.reach = reach;
  operand.has_adjoint = true;
  operand.adjoint = buffer;
}

void hand_over_times(Node& operand, Real* buffer, const MaskBytes* reach, Real factor) {
  if (factor != 1) {
    for_reached_loosely(operand.numel, reach, [=](Index i) { buffer[i] *= factor; });
  }
  hand_over(operand, buffer, reach);
}

Mask reach_of(const Node& node) {
  if (node.reach == nullptr) return Mask::filled(node.shape, true);
  return Mask::from_shared(node.shape, node.reach->shared_from_this());
}

}  // namespace ember::detail
