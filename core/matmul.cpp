// The matrix product. Backward reads only rows of a and columns of b that a reached output needs,
// so that a NaN in a hidden row harms nothing.
#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

// (batch, n, k) x (batch, k, m)
struct Product {
  Index n, k, m;
  Shape batch_a, batch_b, batch;
};

Product product_of(const Node& a, const Node& b) {
  const std::size_t ra = a.shape.rank();
  const std::size_t rb = b.shape.rank();
  Product p{a.shape[ra - 2],       a.shape[ra - 1],       b.shape[rb - 1],
            a.shape.first(ra - 2), b.shape.first(rb - 2), {}};
  p.batch = broadcast_shapes(p.batch_a, p.batch_b, "matmul");
  return p;
}

template <class F>
void each_member(const Product& p, F f) {
  const BroadcastPlan<2> plan(p.batch, {&p.batch_a, &p.batch_b});
  plan.for_each_run([&](Index position, const auto& offsets, Index length) {
    for (Index i = 0; i < length; ++i) {
      f(position + i, offsets[0] + i * plan.strides[0][0], offsets[1] + i * plan.strides[1][0]);
    }
  });
}

}  // namespace

void backward_matmul(Node& n) {
  Node& a = *n.operands[0];
  Node& b = *n.operands[1];
  const Product p = product_of(a, b);
  const std::vector<std::uint8_t> reached =
      n.reach != nullptr ? reach_of(n).to_bytes() : std::vector<std::uint8_t>();
  const Shape batch_rows = concatenate(p.batch, Shape{p.n, 1});
  const Shape batch_columns = concatenate(p.batch, Shape{1, p.m});
  std::vector<std::uint8_t> rows, columns;
  const MaskBytes* reach_a = nullptr;
  const MaskBytes* reach_b = nullptr;
  if (n.reach != nullptr) {
    const Mask row_mask = any_to_shape(reach_of(n), batch_rows);
    const Mask column_mask = any_to_shape(reach_of(n), batch_columns);
    rows = row_mask.to_bytes();
    columns = column_mask.to_bytes();
    reach_a = as_reach(
        any_to_shape(row_mask, concatenate(p.batch_a, Shape{p.n, 1})).broadcast_to(a.shape));
    reach_b = as_reach(
        any_to_shape(column_mask, concatenate(p.batch_b, Shape{1, p.m})).broadcast_to(b.shape));
  }
  Real* da = a.requires_grad ? open_sum(a, reach_a) : nullptr;
  Real* db = b.requires_grad ? open_sum(b, reach_b) : nullptr;
  each_member(p, [&](Index member, Index at_a, Index at_b) {
    const Real* va = values(a) + at_a * p.n * p.k;
    const Real* vb = values(b) + at_b * p.k * p.m;
    for (Index i = 0; i < p.n; ++i) {
      if (!rows.empty() && rows[static_cast<std::size_t>(member * p.n + i)] == 0) continue;
      for (Index j = 0; j < p.m; ++j) {
        const Index at = (member * p.n + i) * p.m + j;
        if (!reached.empty() && reached[static_cast<std::size_t>(at)] == 0) continue;
        const Real g = n.adjoint[at];
        for (Index c = 0; c < p.k; ++c) {
          if (da != nullptr) da[(at_a * p.n + i) * p.k + c] += g * vb[c * p.m + j];
          if (db != nullptr) db[(at_b * p.k + c) * p.m + j] += g * va[i * p.k + c];
        }
      }
    }
  });
}

}  // namespace detail

Tensor matmul(const Tensor& x, const Tensor& y) {
  using detail::Node;
  if (x.dim() == 0 || y.dim() == 0) {
    fail("matmul",
         "shapes " + to_string(x.shape()) + " and " + to_string(y.shape()) +
             ": a scalar is no matrix",
         "use *");
  }
  // A vector is a row on the left and a column on the right; the axis that this adds disappears
  // again.
  if (x.dim() == 1) {
    const Tensor product = matmul(reshape(x, concatenate(Shape{1}, x.shape())), y);
    return y.dim() == 1 ? product.reshape({})
                        : product.reshape(product.shape().without(product.shape().rank() - 2));
  }
  if (y.dim() == 1) {
    const Tensor product = matmul(x, reshape(y, concatenate(y.shape(), Shape{1})));
    return product.reshape(product.shape().without(product.shape().rank() - 1));
  }
  Node& a = x.node();
  Node& b = y.node();
  if (a.shape.from_right(1) != b.shape.from_right(2)) {
    fail("matmul", "shapes " + to_string(a.shape) + " and " + to_string(b.shape) + " do not fit",
         "the last axis of the first must be as long as the last but one of the second");
  }
  const detail::Product p = detail::product_of(a, b);
  Node* out =
      detail::new_result(detail::Op::matmul, concatenate(p.batch, Shape{p.n, p.m}), {&a, &b});
  const Tensor result(out);
  std::fill_n(out->value, out->numel, Real{0});
  detail::each_member(p, [&](Index member, Index at_a, Index at_b) {
    const Real* vb = detail::values(b) + at_b * p.k * p.m;
    for (Index i = 0; i < p.n; ++i) {
      const Real* row = detail::values(a) + (at_a * p.n + i) * p.k;
      Real* to = out->value + (member * p.n + i) * p.m;
      for (Index c = 0; c < p.k; ++c) {
#pragma omp simd
        for (Index j = 0; j < p.m; ++j) to[j] += row[c] * vb[c * p.m + j];
      }
    }
  });
  return result;
}

}  // namespace ember
