// Forward and backward cost what is taken. The reverse pass adds to the rows of a and the columns
// of b that were taken, so that a NaN in any other harms nothing.
#include <ember/core/matmul_rows.hpp>

#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

struct RowsRecord {
  ProductRows product;
  const Places* rows;
  const Places* columns;
};

Real dot(const Real* x, const Real* y, Index n) {
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index k = 0; k < n; ++k) sum += x[k] * y[k];
  return sum;
}

void add_scaled(Real* to, Real factor, const Real* x, Index n) {
#pragma omp simd
  for (Index k = 0; k < n; ++k) to[k] += factor * x[k];
}

// Where the first of a group of columns begins.
Index begin_of(const ProductRows& p, Index group) {
  if (p.is_transposed) return group * p.row * p.inner;
  const Index groups = p.width / p.row;
  const Index member = group < groups ? 0 : group / groups;
  return member * p.inner * p.width + (group - member * groups) * p.row;
}

// The rows that stand a few elements ahead are on their way while these are worked on.
void fetch(const Real* row, Index n) {
  constexpr Index kLine = 64 / sizeof(Real);
  for (Index k = 0; k < n; k += kLine) __builtin_prefetch(row + k);
}
constexpr Index kAhead = 8;

template <class F>
void each_row(const RowsRecord& r, const Real* b, F f) {
  const Index n = r.rows->count();
  const Index length = r.product.is_transposed ? r.product.row * r.product.inner : r.product.row;
  for (Index i = 0; i < n; ++i) {
    if (i + kAhead < n) fetch(b + begin_of(r.product, (*r.columns)[i + kAhead]), length);
    f(i, (*r.rows)[i] * r.product.inner, begin_of(r.product, (*r.columns)[i]));
  }
}

}  // namespace

Tensor matmul_rows(const Tensor& a, const Tensor& b, const ProductRows& product,
                   const PlacesPtr& rows, const PlacesPtr& columns) {
  Node& na = a.node();
  Node& nb = b.node();
  const Index n = rows->count();
  Node* out =
      new_result(Op::matmul_rows, product.row == 1 ? Shape{n} : Shape{n, product.row}, {&na, &nb});
  Tensor result(out);
  const RowsRecord record{product, rows.get(), columns.get()};
  if (out->requires_grad) {
    Tape& tape = Tape::current();
    tape.keep_alive(rows);
    tape.keep_alive(columns);
    out->aux = new (tape.allocate_auxiliary<RowsRecord>(1)) RowsRecord(record);
  }
  const Real* from_a = values(na);
  const Real* from_b = values(nb);
  // no structured binding: clang lets none into a lambda under OpenMP
  const Index inner = product.inner, width = product.width, row = product.row;
  const bool is_transposed = product.is_transposed;
  each_row(record, from_b, [&](Index i, Index at_a, Index at_b) {
    Real* to = out->value + i * row;
    const Real* x = from_a + at_a;
    const Real* y = from_b + at_b;
    if (is_transposed) {
      for (Index c = 0; c < row; ++c) to[c] = dot(x, y + c * inner, inner);
    } else {
      std::fill_n(to, row, Real{0});
      for (Index k = 0; k < inner; ++k) add_scaled(to, x[k], y + k * width, row);
    }
  });
  return result;
}

void backward_matmul_rows(Node& node) {
  Node& a = *node.operands[0];
  Node& b = *node.operands[1];
  const RowsRecord& record = *static_cast<const RowsRecord*>(node.aux);
  const ProductRows& p = record.product;
  const Index inner = p.inner, width = p.width, row = p.row;
  const bool is_transposed = p.is_transposed;
  const Places& columns = *record.columns;
  Real* to_a =
      open_taken(node, a, *record.rows, {record.rows->bound(), 1}, {record.rows->bound(), inner});
  Real* to_b =
      is_transposed
          ? open_taken(node, b, columns, {columns.bound(), 1}, {columns.bound(), row * inner})
          : open_taken(node, b, columns, {columns.bound() * row / width, 1, width / row, 1},
                       {columns.bound() * row / width, inner, width / row, row});
  const Real* from_a = values(a);
  const Real* from_b = values(b);
  const auto reached = [&](Index i) { return node.reach == nullptr || (*node.reach)[i]; };
  each_row(record, to_b != nullptr ? to_b : from_b, [&](Index i, Index at_a, Index at_b) {
    for (Index c = 0; c < row; ++c) {
      if (!reached(i * row + c)) continue;
      const Real g = node.adjoint[i * row + c];
      if (is_transposed) {
        if (to_a != nullptr) add_scaled(to_a + at_a, g, from_b + at_b + c * inner, inner);
        if (to_b != nullptr) add_scaled(to_b + at_b + c * inner, g, from_a + at_a, inner);
        continue;
      }
      for (Index k = 0; k < inner; ++k) {
        const Index at = at_b + k * width + c;
        if (to_a != nullptr) to_a[at_a + k] += g * from_b[at];
        if (to_b != nullptr) to_b[at] += g * from_a[at_a + k];
      }
    }
  });
}

}  // namespace ember::detail
