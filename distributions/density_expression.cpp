#include <ember/distributions/density_expression.hpp>

#include <algorithm>
#include <array>

#include <ember/core/expression.hpp>

namespace ember::distributions {
namespace {

using detail::ElementBlock;
using detail::Expression;
using detail::kBlock;
using detail::Node;

// What the kernel and the leaves have summed up.
struct AllSums {
  Sums kernel;
  Expression::Sums leaves{};

  AllSums& operator+=(const AllSums& other) {
    kernel += other.kernel;
    for (std::size_t k = 0; k < leaves.size(); ++k) leaves[k] += other.leaves[k];
    return *this;
  }
};

struct ExpressionScratch {
  AllSums sums;
  Expression::Room room;
  std::array<std::array<Real, kBlock>, kMaxInputs> partials;
  std::array<std::int64_t, kBlock> wide;
};

class Driver {
 public:
  Driver(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements)
      : inputs_(kernel.inputs), expression_(elements, kernel.inputs) {
    unsigned uniform = 0;
    for (std::size_t k = 0; k < inputs_; ++k) {
      slots_[k] = expression_.add(*inputs[k], "density");
      if (k > 0 && expression_.is_uniform(slots_[k])) uniform |= 1U << (k - 1);
    }
    kernel_ = &kernel.sums[uniform];
    for (std::size_t k = 0; k < inputs_; ++k) {
      if (expression_.is_uniform(slots_[k]) && !is_uniform(k)) expression_.spread(slots_[k]);
    }
  }

  Tensor run(const Mask& visible) {
    Node* out = expression_.open(visible);
    Tensor result(out);
    detail::add_sources(result, visible.sources());
    wants_partials_ = out->requires_grad;
    AllSums sums = expression_.run<ExpressionScratch>(
        visible, visible.bytes() && pays_to_list(*visible.bytes(), inputs_, kernel_),
        [&](const ElementBlock& block, ExpressionScratch& scratch) { compute(block, scratch); });
    *out->value = static_cast<Real>(sums.kernel.log_prob);
    for (std::size_t k = 1; k < inputs_; ++k) {
      if (is_uniform(k)) sums.leaves[expression_.sum_index(slots_[k])] += sums.kernel.partial[k];
    }
    expression_.close(sums.leaves);
    return result;
  }

 private:
  // Whether the kernel takes an input as one number.
  bool is_uniform(std::size_t k) const { return k > 0 && (kernel_->uniform >> (k - 1) & 1U) != 0; }

  void compute(const ElementBlock& block, ExpressionScratch& scratch) const {
    Expression::Room& room = scratch.room;
    room.forward(block);
    std::array<const Real*, kMaxInputs> in{};
    std::array<Real*, kMaxInputs> partials{};
    for (std::size_t k = 0; k < inputs_; ++k) {
      in[k] = room.value(slots_[k]);
      if (is_uniform(k) || !expression_.needs_gradient(slots_[k])) continue;
      const auto* before = slots_.begin() + k;
      const bool is_first = std::find(slots_.begin(), before, slots_[k]) == before;
      partials[k] = is_first ? room.own_adjoint(slots_[k]) : scratch.partials[k].data();
    }
    const bool is_masked = block.kept != nullptr;
    if (is_masked) widen(block, scratch.wide.data());
    const auto add = kernel_->block(wants_partials_, partials[0] != nullptr, is_masked);
    add(block.n, in.data(), scratch.wide.data(), partials.data(), scratch.sums.kernel);
    if (!wants_partials_) return;
    for (std::size_t k = 0; k < inputs_; ++k) {
      if (partials[k] != nullptr) room.add_adjoint(slots_[k], partials[k], block.n);
    }
    room.backward(block, scratch.sums.leaves);
  }

  std::size_t inputs_;
  Expression expression_;
  std::array<std::size_t, kMaxInputs> slots_;
  const SumKernel* kernel_;
  bool wants_partials_ = false;
};

}  // namespace

bool is_of_expressions(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements) {
  if (kernel.sums == nullptr) return false;
  return std::ranges::any_of(inputs, [&](const Node* x) {
    return x->owed != nullptr && x->numel == elements.numel() && Expression::has_steps(*x);
  });
}

Tensor density_sum_of_expressions(const Kernel& kernel, std::span<Node* const> inputs,
                                  const Shape& elements, const Mask& visible) {
  return Driver(kernel, inputs, elements).run(visible);
}

}  // namespace ember::distributions
