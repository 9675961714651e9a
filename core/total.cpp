#include <ember/core/total.hpp>

#include <algorithm>

#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

bool is_negative(const Node& node, std::int32_t k) { return (node.ints[0] >> k & 1) != 0; }

Real sum_of(const Node& x, const MaskBytes* mask) {
  const Real* from = values(x);
  if (mask != nullptr) return sum_of_kept(*mask, [from](Index i) { return from[i]; });
  if (x.numel == 1) return *from;
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < x.numel; ++i) sum += from[i];
  return sum;
}

}  // namespace

void Total::take(const Tensor& x, const Mask& visible, bool negative) {
  if (visible.is_none()) return;
  if (terms_.full()) {
    before_ = result();
    offset_ = 0;
    negative_ = 0;
    is_masked_ = false;
    terms_.clear();
    masks_[0] = nullptr;
    terms_.push_back(&before_.node());
  }
  if (negative) negative_ |= 1U << terms_.size();
  masks_[terms_.size()] = visible.bytes().get();
  is_masked_ = is_masked_ || visible.bytes();
  terms_.push_back(&x.node());
}

Tensor Total::result() const {
  Node* out = new_result(Op::total, Shape(), std::span(terms_.begin(), terms_.size()));
  out->ints[0] = negative_;
  if (is_masked_ && out->requires_grad) {
    Tape& tape = Tape::current();
    auto* kept = tape.allocate_auxiliary<const MaskBytes*>(terms_.size());
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      kept[k] = masks_[k] == nullptr ? nullptr : tape.keep(masks_[k]->shared_from_this());
    }
    out->aux = kept;
  }
  Real total = offset_;
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const Real term = sum_of(*terms_[k], masks_[k]);
    total = is_negative(*out, static_cast<std::int32_t>(k)) ? total - term : total + term;
  }
  *out->value = total;
  return Tensor(out);
}

void backward_total(Node& n) {
  const Real g = *n.adjoint;
  const auto* masks = static_cast<const MaskBytes* const*>(n.aux);
  for (std::int32_t k = 0; k < n.operand_count; ++k) {
    const Real own = is_negative(n, k) ? -g : g;
    contribute_on(*n.operands[k], masks == nullptr ? nullptr : masks[k],
                  [=](Index) { return own; });
  }
}

}  // namespace ember::detail
