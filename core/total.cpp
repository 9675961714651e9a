#include <ember/core/total.hpp>

#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

// Out of the way of single numbers, as most terms are.
[[gnu::noinline]] Real sum_of(const Node& term, const MaskBytes* mask) {
  const Real* x = values(term);
  if (mask != nullptr) return sum_of_kept(*mask, [x](Index i) { return x[i]; });
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < term.numel; ++i) sum += x[i];
  return sum;
}

// A node's terms are subtracted where its first attribute has a bit.
std::uint64_t negative_terms(const Node& node) { return static_cast<std::uint64_t>(node.ints[0]); }

void add_up(Node& out, std::span<Node* const> terms, const MaskBytes* const* masks) {
  Real total = out.reals[0];
  std::uint64_t negative = negative_terms(out);
  for (std::size_t k = 0; k < terms.size(); ++k, negative >>= 1U) {
    const Node& x = *terms[k];
    const MaskBytes* mask = masks != nullptr ? masks[k] : nullptr;
    const Real term = x.numel == 1 && mask == nullptr ? *values(x) : sum_of(x, mask);
    total += (negative & 1U) != 0 ? -term : term;
  }
  *out.value = total;
}

[[gnu::noinline]] void contribute_term(Node& x, const MaskBytes* mask, Real g) {
  contribute_on(x, mask, [g](Index) { return g; });
}

}  // namespace

void Total::take(const Tensor& x, const Mask& visible, bool is_negative) {
  if (visible.is_none()) return;
  const Node& node = x.node();
  if (node.op == Op::total && visible.is_all() &&
      terms_.size() + static_cast<std::size_t>(node.operand_count) <= kTerms) {
    return take_terms(node, is_negative);
  }
  if (terms_.full()) {
    before_ = result();
    offset_ = 0;
    negative_ = 0;
    is_masked_ = false;
    terms_.clear();
    push(before_.node(), nullptr, false);
  }
  push(x.node(), visible.bytes().get(), is_negative);
}

// A sum's terms in place of it: the reverse pass has one operator to visit and not one a sum.
void Total::take_terms(const Node& sum, bool is_negative) {
  offset_ += is_negative ? -sum.reals[0] : sum.reals[0];
  const auto* masks = static_cast<const MaskBytes* const*>(sum.aux);
  std::uint64_t negative = negative_terms(sum);
  for (std::int32_t k = 0; k < sum.operand_count; ++k, negative >>= 1U) {
    push(*sum.operands[k], masks != nullptr ? masks[k] : nullptr,
         ((negative & 1U) != 0) != is_negative);
  }
}

void Total::push(Node& x, const MaskBytes* mask, bool is_negative) {
  negative_ |= std::uint64_t{is_negative} << terms_.size();
  masks_[terms_.size()] = mask;
  is_masked_ = is_masked_ || mask != nullptr;
  terms_.push_back(&x);
}

Tensor Total::result() const {
  const std::span<Node* const> terms(terms_.begin(), terms_.size());
  Node* out = new_result(Op::total, Shape(), terms);
  out->ints[0] = static_cast<Index>(negative_);
  out->reals[0] = offset_;
  if (is_masked_ && out->op != Op::leaf) {
    Tape& tape = Tape::current();
    auto* kept = tape.allocate_auxiliary<const MaskBytes*>(terms_.size());
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      kept[k] = masks_[k] == nullptr ? nullptr : tape.keep(masks_[k]->shared_from_this());
    }
    out->aux = kept;
  }
  add_up(*out, terms, is_masked_ ? masks_.data() : nullptr);
  return Tensor(out);
}

void forward_total(Node& n) {
  add_up(n, {n.operands, static_cast<std::size_t>(n.operand_count)},
         static_cast<const MaskBytes* const*>(n.aux));
}

void backward_total(Node& n) {
  const Real g = *n.adjoint;
  const auto* masks = static_cast<const MaskBytes* const*>(n.aux);
  std::uint64_t negative = negative_terms(n);
  for (std::int32_t k = 0; k < n.operand_count; ++k, negative >>= 1U) {
    Node& x = *n.operands[k];
    if (!x.requires_grad) continue;
    const Real own = (negative & 1U) != 0 ? -g : g;
    if (x.numel == 1) {
      contribute_number(x, own);
    } else {
      contribute_term(x, masks == nullptr ? nullptr : masks[k], own);
    }
  }
}

}  // namespace ember::detail
