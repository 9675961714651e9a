#include <ember/core/reach.hpp>

#include <algorithm>

namespace ember::detail {
namespace {

// Sets to zero what `reach` adds to the reach that the operand's adjoint has, and widens that.
void widen(Node& operand, const MaskBytes* reach) {
  if (operand.reach == nullptr || operand.reach == reach) return;
  const std::uint8_t* had = operand.reach->data();
  Real* adjoint = operand.adjoint;
#pragma omp simd
  for (Index i = 0; i < operand.numel; ++i) adjoint[i] = kept_or_zero(had[i], adjoint[i]);
  if (reach == nullptr) {
    operand.reach = nullptr;
    return;
  }
  Bytes bytes(had, had + operand.numel);
  if (reach->is_sparse()) {
    for (Index i : reach->positions()) bytes[static_cast<std::size_t>(i)] = 1;
  } else {
    const std::uint8_t* more = reach->data();
    std::uint8_t* both = bytes.data();
#pragma omp simd
    for (Index i = 0; i < operand.numel; ++i) both[i] |= more[i];
  }
  operand.reach = as_reach(Mask::from_bytes(operand.shape, std::move(bytes)));
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

void hand_over(Node& operand, Real* buffer, const MaskBytes* reach) {
  if (operand.has_adjoint) {
    widen(operand, reach);
    Real* out = operand.adjoint;
    if (reach != nullptr && reach->is_sparse()) {
      for (Index i : reach->positions()) out[i] += buffer[i];
    } else if (reach != nullptr) {
      const std::uint8_t* reached = reach->data();
#pragma omp simd
      for (Index i = 0; i < operand.numel; ++i)
        out[i] = kept_or(reached[i], out[i] + buffer[i], out[i]);
    } else {
#pragma omp simd
      for (Index i = 0; i < operand.numel; ++i) out[i] += buffer[i];
    }
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
