#include <ember/core/total.hpp>

#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

// What the terms of a node are, one after the other.
class Kinds {
 public:
  explicit Kinds(const Node& node) : bits_(static_cast<std::uint64_t>(node.ints[0])) {}
  bool is_negative() const { return (bits_ & 1) != 0; }
  bool is_squared() const { return (bits_ & 2) != 0; }
  void next() { bits_ >>= 2U; }

 private:
  std::uint64_t bits_;
};

template <class F>
Real sum_of(Index n, const MaskBytes* mask, F f) {
  if (mask != nullptr) return sum_of_kept(*mask, f);
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < n; ++i) sum += f(i);
  return sum;
}
// Out of the way of single numbers, as most terms are.
[[gnu::noinline]] Real sum_of(const Node& term, const MaskBytes* mask, bool is_squared) {
  const Real* x = values(term);
  if (!is_squared) return sum_of(term.numel, mask, [x](Index i) { return x[i]; });
  return sum_of(term.numel, mask, [x](Index i) { return x[i] * x[i]; }) / 2;
}

void add_up(Node& out, std::span<Node* const> terms, const MaskBytes* const* masks) {
  Real total = out.reals[0];
  Kinds kinds(out);
  for (std::size_t k = 0; k < terms.size(); ++k, kinds.next()) {
    const Node& x = *terms[k];
    const MaskBytes* mask = masks != nullptr ? masks[k] : nullptr;
    Real term = 0;
    if (x.numel == 1 && mask == nullptr) {
      term = *values(x);
      if (kinds.is_squared()) term = term * term / 2;
    } else {
      term = sum_of(x, mask, kinds.is_squared());
    }
    total += kinds.is_negative() ? -term : term;
  }
  *out.value = total;
}

[[gnu::noinline]] void contribute_term(Node& x, const MaskBytes* mask, Real g, bool is_squared) {
  if (is_squared) {
    contribute_on(x, mask, [g, from = values(x)](Index i) { return g * from[i]; });
  } else {
    contribute_on(x, mask, [g](Index) { return g; });
  }
}

}  // namespace

void Total::take(const Tensor& x, const Mask& visible, std::uint64_t kind) {
  if (visible.is_none()) return;
  const Node& node = x.node();
  if (node.op == Op::total && visible.is_all() && (kind & kSquared) == 0 &&
      terms_.size() + static_cast<std::size_t>(node.operand_count) <= kTerms) {
    return take_terms(node, kind);
  }
  if (terms_.full()) {
    before_ = result();
    offset_ = 0;
    kinds_ = 0;
    is_masked_ = false;
    terms_.clear();
    push(before_.node(), nullptr, 0);
  }
  push(x.node(), visible.bytes().get(), kind);
}

// A sum's terms in place of it: the reverse pass has one operator to visit and not one a sum.
void Total::take_terms(const Node& sum, std::uint64_t kind) {
  offset_ += kind == kNegative ? -sum.reals[0] : sum.reals[0];
  const auto* masks = static_cast<const MaskBytes* const*>(sum.aux);
  auto kinds = static_cast<std::uint64_t>(sum.ints[0]);
  for (std::int32_t k = 0; k < sum.operand_count; ++k, kinds >>= 2U) {
    push(*sum.operands[k], masks != nullptr ? masks[k] : nullptr, (kinds & 3U) ^ kind);
  }
}

void Total::push(Node& x, const MaskBytes* mask, std::uint64_t kind) {
  kinds_ |= kind << (2 * terms_.size());
  masks_[terms_.size()] = mask;
  is_masked_ = is_masked_ || mask != nullptr;
  terms_.push_back(&x);
}

Tensor Total::result() const {
  const std::span<Node* const> terms(terms_.begin(), terms_.size());
  Node* out = new_result(Op::total, Shape(), terms);
  out->ints[0] = static_cast<Index>(kinds_);
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
  Kinds kinds(n);
  for (std::int32_t k = 0; k < n.operand_count; ++k, kinds.next()) {
    Node& x = *n.operands[k];
    if (!x.requires_grad) continue;
    const Real own = kinds.is_negative() ? -g : g;
    const MaskBytes* mask = masks == nullptr ? nullptr : masks[k];
    if (x.numel == 1) {
      contribute_number(x, kinds.is_squared() ? own * *values(x) : own);
    } else {
      contribute_term(x, mask, own, kinds.is_squared());
    }
  }
}

}  // namespace ember::detail
