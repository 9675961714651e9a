// Triangular systems a x = b. Substitution goes down the rows where a (transposed as asked) is
// lower triangular, up where it is upper: row i of a column of x needs the rows before it, and
// nothing else. Backward follows each column as far as it is reached.
#include <ember/core/eigen_views.hpp>

#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

using Block = Eigen::Ref<const Matrix>;

struct Systems {
  Index n, k;
  Shape batch_a, batch_b, batch;
  bool upper, transpose;

  Systems(const Shape& a, const Shape& b, bool is_upper, bool is_transposed)
      : n(a.from_right(1)),
        k(b.from_right(1)),
        batch_a(a.first(a.rank() - 2)),
        batch_b(b.first(b.rank() - 2)),
        batch(broadcast_shapes(batch_a, batch_b, "triangular_solve")),
        upper(is_upper),
        transpose(is_transposed) {}

  // Whether substitution begins with row 0.
  bool goes_down() const { return upper == transpose; }
  // The first of the `extent` rows that substitution takes first.
  Index first_row(Index extent) const { return goes_down() ? 0 : n - extent; }

  // Calls f(member, offset in a, offset in b) for every member of the batch.
  template <class F>
  void each_member(F f) const {
    const BroadcastPlan<2> plan(batch, {&batch_a, &batch_b});
    plan.for_each([&](Index member, const auto& at) { f(member, at[0] * n * n, at[1] * n * k); });
  }
};

template <class X>
void substitute(const Block& a, bool upper, bool transpose, X& x) {
  if (upper && transpose) {
    a.triangularView<Eigen::Upper>().transpose().solveInPlace(x);
  } else if (upper) {
    a.triangularView<Eigen::Upper>().solveInPlace(x);
  } else if (transpose) {
    a.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
  } else {
    a.triangularView<Eigen::Lower>().solveInPlace(x);
  }
}
// One column as a vector: as a matrix it would be packed for products first (measured: three times
// as long for 10 x 10).
void solve_in_place(const Block& a, bool upper, bool transpose, MutableView x) {
  if (x.cols() == 1) {
    Eigen::Map<Eigen::Matrix<Real, Eigen::Dynamic, 1>> column(x.data(), x.rows());
    substitute(a, upper, transpose, column);
  } else {
    substitute(a, upper, transpose, x);
  }
}

// For every column of every member: how many rows substitution takes until its last reached one.
PooledVector<Index> extents_of(const Node& node, const Systems& s) {
  const auto columns = static_cast<std::size_t>(s.batch.numel() * s.k);
  if (node.reach == nullptr) return PooledVector<Index>(columns, s.n);
  PooledVector<Index> extents(columns);
  for_reached(node.numel, node.reach, [&](Index i) {
    const Index row = i / s.k % s.n;
    Index& extent = extents[static_cast<std::size_t>(i / (s.n * s.k) * s.k + i % s.k)];
    extent = std::max(extent, s.goes_down() ? row + 1 : s.n - row);
  });
  return extents;
}

// Opens the adjoint of a where a reached column needs it.
Real* open_matrix(Node& a, const Systems& s, const PooledVector<Index>& extents) {
  Bytes bytes(static_cast<std::size_t>(a.numel));
  s.each_member([&](Index member, Index at_a, Index) {
    const auto first = extents.begin() + member * s.k;
    const Index extent = s.k == 0 ? 0 : *std::max_element(first, first + s.k);
    const Index from = s.first_row(extent);
    for (Index i = from; i < from + extent; ++i) {
      const Index begin = s.upper ? i : from, end = s.upper ? from + extent : i + 1;
      std::fill_n(bytes.begin() + at_a + i * s.n + begin, end - begin, 1);
    }
  });
  return open_sum_at(a, std::move(bytes));
}

Real* open_right_side(Node& b, const Systems& s, const PooledVector<Index>& extents) {
  Bytes bytes(static_cast<std::size_t>(b.numel));
  s.each_member([&](Index member, Index, Index at_b) {
    for (Index j = 0; j < s.k; ++j) {
      const Index extent = extents[static_cast<std::size_t>(member * s.k + j)];
      const Index from = s.first_row(extent);
      for (Index i = from; i < from + extent; ++i) {
        bytes[static_cast<std::size_t>(at_b + i * s.k + j)] = 1;
      }
    }
  });
  return open_sum_at(b, std::move(bytes));
}

// Neighbouring columns of one member that go equally far: their rows of a, x and the adjoint of x
// (0 where it is not reached), and where to add (null: nowhere).
struct SolvePullback {
  Block a, x;
  MutableView adjoint;
  bool upper, transpose;

  // db = a^-T dx, da = -db x^T
  void to(Real* to_a, Index stride_a, Real* to_b, Index stride_b) {
    using Strided = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
    solve_in_place(a, upper, !transpose, adjoint);
    if (to_b != nullptr) {
      Strided(to_b, x.rows(), x.cols(), Eigen::OuterStride<>(stride_b)) += adjoint;
    }
    if (to_a == nullptr) return;
    if (x.cols() == 1) return add_outer_product(to_a, stride_a);
    Strided da(to_a, a.rows(), a.cols(), Eigen::OuterStride<>(stride_a));
    Scratch product(a.rows(), a.cols());
    if (transpose) {
      product->noalias() = x * adjoint.transpose();
    } else {
      product->noalias() = adjoint * x.transpose();
    }
    if (upper) {
      da.triangularView<Eigen::Upper>() -= *product;
    } else {
      da.triangularView<Eigen::Lower>() -= *product;
    }
  }

  void add_outer_product(Real* to, Index stride) const {
    const Index n = a.rows();
    const Real* g = adjoint.data();
    for (Index i = 0; i < n; ++i) {
      const Index begin = upper ? i : 0, end = upper ? n : i + 1;
      for (Index j = begin; j < end; ++j) {
        to[i * stride + j] -= transpose ? x(i, 0) * g[j] : g[i] * x(j, 0);
      }
    }
  }
};

void solve(Node& out, const Node& a, const Node& b) {
  const Systems s(a.shape, b.shape, out.ints[0] != 0, out.ints[1] != 0);
  s.each_member([&](Index member, Index at_a, Index at_b) {
    MutableView x(out.value + member * s.n * s.k, s.n, s.k);
    x = View(values(b) + at_b, s.n, s.k);
    if (x.size() > 0) {
      solve_in_place(View(values(a) + at_a, s.n, s.n), s.upper, s.transpose, x);
    }
  });
}

}  // namespace

void forward_triangular_solve(Node& n) { solve(n, *n.operands[0], *n.operands[1]); }

void backward_triangular_solve(Node& n) {
  Node& a = *n.operands[0];
  Node& b = *n.operands[1];
  const Systems s(a.shape, b.shape, n.ints[0] != 0, n.ints[1] != 0);
  const PooledVector<Index> extents = extents_of(n, s);
  Real* to_a = a.requires_grad ? open_matrix(a, s, extents) : nullptr;
  Real* to_b = b.requires_grad ? open_right_side(b, s, extents) : nullptr;
  s.each_member([&](Index member, Index at_a, Index at_b) {
    const Index at = member * s.n * s.k;
    const Index* extent = extents.data() + member * s.k;
    for (Index begin = 0, end = 0; begin < s.k; begin = end) {
      while (end < s.k && extent[end] == extent[begin]) ++end;
      const Index rows = extent[begin];
      const Index columns = end - begin;
      const Index row = s.first_row(rows);
      if (rows == 0) continue;
      Scratch adjoint(rows, columns);
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
          const Index p = at + (row + i) * s.k + begin + j;
          if (n.reach == nullptr || (*n.reach)[p]) (*adjoint)(i, j) = n.adjoint[p];
        }
      }
      SolvePullback pullback{View(values(a) + at_a, s.n, s.n).block(row, row, rows, rows),
                             View(values(n) + at, s.n, s.k).block(row, begin, rows, columns),
                             *adjoint, s.upper, s.transpose};
      pullback.to(to_a != nullptr ? to_a + at_a + row * s.n + row : nullptr, s.n,
                  to_b != nullptr ? to_b + at_b + row * s.k + begin : nullptr, s.k);
    }
  });
}

}  // namespace detail

Tensor triangular_solve(const Tensor& a, const Tensor& b, const TriangularSolveOptions& options) {
  using namespace detail;
  const Shape& shape_a = a.shape();
  const Shape& shape_b = b.shape();
  const auto misfit = [&](const char* what, const char* remedy) {
    fail("triangular_solve", "shapes " + to_string(shape_a) + " and " + to_string(shape_b) + what,
         remedy);
  };
  if (shape_a.rank() < 2 || shape_a.from_right(1) != shape_a.from_right(2)) {
    misfit(": the first holds no square matrices", "its last two axes must be equally long");
  }
  if (shape_b.rank() == 0) misfit(": a scalar is no right side", "reshape it");
  if (shape_b.rank() == 1) {
    const Tensor x = triangular_solve(a, reshape(b, concatenate(shape_b, Shape{1})), options);
    return reshape(x, x.shape().without(x.shape().rank() - 1));
  }
  if (shape_b.from_right(2) != shape_a.from_right(1)) {
    misfit(" do not fit", "a has as many rows as b");
  }
  if (!can_broadcast(shape_a.first(shape_a.rank() - 2), shape_b.first(shape_b.rank() - 2))) {
    misfit(" do not fit: their batches do not broadcast",
           "the axes before the last two must be equal or 1, counted from the right");
  }
  const Systems s(shape_a, shape_b, options.upper, options.transpose);
  Node& in_a = a.node();
  Node& in_b = b.node();
  Node* out =
      new_result(Op::triangular_solve, concatenate(s.batch, Shape{s.n, s.k}), {&in_a, &in_b});
  Tensor result(out);
  out->ints = {options.upper ? 1 : 0, options.transpose ? 1 : 0, 0, 0};
  solve(*out, in_a, in_b);
  return result;
}

}  // namespace ember
