#include <ember/core/total.hpp>

#include <algorithm>

#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

bool is_negative(const Node& node, std::int32_t k) { return (node.ints[0] >> k & 1) != 0; }

Real sum_of(const Node& x) {
  const Real* from = values(x);
  if (x.numel == 1) return *from;
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index i = 0; i < x.numel; ++i) sum += from[i];
  return sum;
}

}  // namespace

void Total::take(const Tensor& x, bool negative) {
  if (terms_.full()) {
    before_ = result();
    offset_ = 0;
    negative_ = 0;
    terms_.clear();
    terms_.push_back(&before_.node());
  }
  if (negative) negative_ |= 1U << terms_.size();
  terms_.push_back(&x.node());
}

Tensor Total::result() const {
  Node* out = new_result(Op::total, Shape(), std::span(terms_.begin(), terms_.size()));
  out->ints[0] = negative_;
  Real total = offset_;
  for (std::size_t k = 0; k < terms_.size(); ++k) {
    const Real term = sum_of(*terms_[k]);
    total = is_negative(*out, static_cast<std::int32_t>(k)) ? total - term : total + term;
  }
  *out->value = total;
  return Tensor(out);
}

void backward_total(Node& n) {
  const Real g = *n.adjoint;
  for (std::int32_t k = 0; k < n.operand_count; ++k) {
    Node& in = *n.operands[k];
    if (!in.requires_grad) continue;
    const Real own = is_negative(n, k) ? -g : g;
    const Sink sink = open_adjoint(in, nullptr);
    Real* to = sink.data;
    if (!sink.add) {
      std::fill_n(to, in.numel, own);
    } else {
#pragma omp simd
      for (Index i = 0; i < in.numel; ++i) to[i] += own;
    }
  }
}

}  // namespace ember::detail
