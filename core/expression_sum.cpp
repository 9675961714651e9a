// The sum of an expression's elements, in one pass over what it is made of.
#include <algorithm>

#include <ember/core/expression.hpp>
#include <ember/core/expression_sum.hpp>

namespace ember::detail {
namespace {

struct SumScratch {
  struct Sums {
    double total = 0;
    Expression::Sums leaves{};

    Sums& operator+=(const Sums& other) {
      total += other.total;
      for (std::size_t k = 0; k < leaves.size(); ++k) leaves[k] += other.leaves[k];
      return *this;
    }
  };
  Sums sums;
  Expression::Room room;
};

}  // namespace

Tensor sum_of_expression(Node& x) {
  Expression expression(x.shape, 1);
  const std::size_t root = expression.add(x, "sum");
  const bool wants_gradient = x.requires_grad;
  const Mask all = Mask::filled(x.shape, true);
  Node* out = expression.open(all);
  const Tensor result(out);
  const auto sums =
      expression.run<SumScratch>(all, false, [&](const ElementBlock& block, SumScratch& scratch) {
        Expression::Room& room = scratch.room;
        room.forward(block);
        scratch.sums.total += static_cast<double>(sum_of(room.value(root), block));
        if (!wants_gradient) return;
        Real* ones = room.own_adjoint(root);
        std::fill_n(ones, block.n, Real{1});
        room.add_adjoint(root, ones, block.n);
        room.backward(block, scratch.sums.leaves);
      });
  *out->value = static_cast<Real>(sums.total);
  expression.close(sums.leaves);
  return result;
}

}  // namespace ember::detail
