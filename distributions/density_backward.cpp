// The reverse pass of a density: its derivatives are there already, they are scaled and handed
// over.
#include <ember/core/broadcast.hpp>
#include <ember/core/reach.hpp>
#include <ember/distributions/density_record.hpp>

namespace ember::detail {
namespace {

// A mask over elements as a mask over an operand's numbers: reduced to its shape, repeated along
// its rows.
Mask over_operand(const Mask& elements, const Node& operand, bool rows) {
  if (!rows) return any_to_shape(elements, operand.shape);
  const Shape shape = operand.shape.first(operand.shape.rank() - 1);
  return any_to_shape(elements, shape).unsqueeze_right(1).broadcast_to(operand.shape);
}

// Where the adjoint of an operand of a sum can be non-zero. Apart, or its registers would be saved
// where there is no mask.
[[gnu::noinline]] const MaskBytes* reach_over(const Node& n, const Node& operand, bool rows) {
  const auto& record = *static_cast<const distributions::DensityRecord*>(n.aux);
  if (!rows && operand.shape == record.elements) return n.mask;
  const Mask visible = Mask::from_shared(record.elements, n.mask->shared_from_this());
  return as_reach(over_operand(visible, operand, rows));
}

// The derivatives of a sum, times one number, are the operands' adjoints: no copies are made.
void hand_over_all(Node& n, const distributions::DensityRecord& record) {
  const Real g = *n.adjoint;
  for (std::size_t k = 0; k < static_cast<std::size_t>(n.operand_count); ++k) {
    Node& operand = *n.operands[k];
    Real* partial = record.partial[k];
    if (partial == nullptr) continue;
    if (operand.numel == 1) {
      contribute_number(operand, *partial * g);
      continue;
    }
    const bool rows = (record.row_inputs >> k & 1U) != 0;
    const MaskBytes* reach = n.mask == nullptr ? nullptr : reach_over(n, operand, rows);
    hand_over_times(operand, partial, reach, g);
  }
}

// Each element has an adjoint of its own.
[[gnu::noinline]] void pull_back_elements(Node& n, const distributions::DensityRecord& record) {
  Mask visible = reach_of(n);
  if (n.mask != nullptr) {
    visible = visible & Mask::from_shared(record.elements, n.mask->shared_from_this());
  }
  if (visible.is_none()) return;
  const Real* adjoint = n.adjoint;
  for (std::size_t k = 0; k < static_cast<std::size_t>(n.operand_count); ++k) {
    Node& operand = *n.operands[k];
    Real* partial = record.partial[k];
    if (partial == nullptr) continue;
    const Index row = record.row[k];
    const bool rows = (record.row_inputs >> k & 1U) != 0;
    const MaskBytes* reach = as_reach(over_operand(visible, operand, rows));
    const MaskBytes* reached = visible.bytes().get();
    for_reached(record.elements.numel(), reached, [&](Index i) {
      for (Index c = 0; c < row; ++c) partial[i * row + c] *= adjoint[i];
    });
    if (operand.numel == record.elements.numel() * row) {
      hand_over(operand, partial, reach);
      continue;
    }
    Real* out = open_sum(operand, reach);
    const Shape own = rows ? operand.shape.first(operand.shape.rank() - 1) : operand.shape;
    const BroadcastPlan<1> plan(record.elements, {&own});
    plan.for_each_run([&](Index position, const auto& offsets, Index length) {
      for (Index i = 0; i < length; ++i) {
        if (reached != nullptr && !(*reached)[position + i]) continue;
        Real* to = out + (offsets[0] + i * plan.strides[0][0]) * row;
        const Real* from = partial + (position + i) * row;
        for (Index c = 0; c < row; ++c) to[c] += from[c];
      }
    });
  }
}

}  // namespace

void backward_density(Node& n) {
  const auto& record = *static_cast<const distributions::DensityRecord*>(n.aux);
  if (record.total) {
    hand_over_all(n, record);
  } else {
    pull_back_elements(n, record);
  }
}

}  // namespace ember::detail
