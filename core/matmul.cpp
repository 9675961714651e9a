// The matrix product, and those of vectors. Backward reads only rows of a and columns of b that a
// reached output needs, and multiplies no adjoint that is not reached, so that a NaN in a hidden
// row harms nothing.
#include <ember/core/eigen_views.hpp>

#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/matmul_rows.hpp>
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

Product product_of(const Shape& a, const Shape& b) {
  const std::size_t ra = a.rank();
  const std::size_t rb = b.rank();
  Product p{a[ra - 2], a[ra - 1], b[rb - 1], a.first(ra - 2), b.first(rb - 2), {}};
  p.batch = broadcast_shapes(p.batch_a, p.batch_b, "matmul");
  if (p.batch_b.numel() == 1 && p.batch_a.numel() == p.batch.numel()) {
    // one matrix for the whole batch: its members are further rows
    p.n *= p.batch.numel();
    p.batch_a = p.batch_b = p.batch = {};
  }
  return p;
}

template <class F>
void each_member(const Product& p, F f) {
  const BroadcastPlan<2> plan(p.batch, {&p.batch_a, &p.batch_b});
  plan.for_each([&](Index member, const auto& at) { f(member, at[0], at[1]); });
}

// One member's backward: a, b, the adjoint of a b, and where to add (null: nowhere).
struct MatmulPullback {
  View a, b, adjoint;
  Real* to_a;
  Real* to_b;

  void all() const {
    if (to_a != nullptr) {
      MutableView(to_a, a.rows(), a.cols()).noalias() += adjoint * b.transpose();
    }
    if (to_b != nullptr) {
      MutableView(to_b, b.rows(), b.cols()).noalias() += a.transpose() * adjoint;
    }
  }

  // `reached` has a flag for every element of the adjoint.
  void reached_only(const std::uint8_t* reached) const {
    PooledVector<Index> rows, columns;
    Bytes has_column(static_cast<std::size_t>(b.cols()));
    rows.reserve(static_cast<std::size_t>(a.rows()));
    columns.reserve(static_cast<std::size_t>(b.cols()));
    Index kept = 0;
    for (Index i = 0; i < a.rows(); ++i) {
      const std::uint8_t* row = reached + i * b.cols();
      const Index before = kept;
      for (Index j = 0; j < b.cols(); ++j) {
        kept += row[j];
        has_column[static_cast<std::size_t>(j)] |= row[j];
      }
      if (kept > before) rows.push_back(i);
    }
    for (Index j = 0; j < b.cols(); ++j) {
      if (has_column[static_cast<std::size_t>(j)] != 0) columns.push_back(j);
    }
    const auto block = static_cast<Index>(rows.size() * columns.size());
    if (kept == 0) return;
    // the reached columns of b, as rows
    Scratch some_b(static_cast<Index>(columns.size()), b.rows());
    for (Index c = 0; c < some_b->rows(); ++c) {
      some_b->row(c) = b.col(columns[static_cast<std::size_t>(c)]).transpose();
    }
    // A row of a and a column of b may each be reached though their product is not: where most of
    // the block is reached, its other adjoints count 0, which is exact as long as what they are
    // multiplied with is finite.
    if (kept == block || (4 * kept >= block && some_b->allFinite() && rows_are_finite(rows))) {
      as_block(reached, rows, columns, *some_b);
    } else {
      one_by_one(reached, rows, columns, *some_b);
    }
  }

 private:
  using Places = PooledVector<Index>;

  bool rows_are_finite(const Places& rows) const {
    return std::all_of(rows.begin(), rows.end(), [&](Index i) { return a.row(i).allFinite(); });
  }

  // Adds the rows of `sums` to columns of b's adjoint.
  void add_to_b(const Places& columns, const MutableView& sums) const {
    MutableView to(to_b, b.rows(), b.cols());
    for (Index c = 0; c < sums.rows(); ++c) {
      to.col(columns[static_cast<std::size_t>(c)]) += sums.row(c).transpose();
    }
  }

  void as_block(const std::uint8_t* reached, const Places& rows, const Places& columns,
                const MutableView& columns_of_b) const {
    const auto n = static_cast<Index>(rows.size()), m = static_cast<Index>(columns.size());
    Scratch g(n, m);
    for (Index r = 0; r < n; ++r) {
      for (Index c = 0; c < m; ++c) {
        const Index i = rows[static_cast<std::size_t>(r)];
        const Index j = columns[static_cast<std::size_t>(c)];
        if (reached[i * b.cols() + j] != 0) (*g)(r, c) = adjoint(i, j);
      }
    }
    if (to_a != nullptr) {
      Scratch sums(n, a.cols());
      sums->noalias() = *g * columns_of_b;
      MutableView to(to_a, a.rows(), a.cols());
      for (Index r = 0; r < n; ++r) to.row(rows[static_cast<std::size_t>(r)]) += sums->row(r);
    }
    if (to_b != nullptr) {
      Scratch some_a(n, a.cols());
      for (Index r = 0; r < n; ++r) some_a->row(r) = a.row(rows[static_cast<std::size_t>(r)]);
      Scratch sums(m, a.cols());
      sums->noalias() = g->transpose() * *some_a;
      add_to_b(columns, *sums);
    }
  }

  // Every reached element for itself. `columns_of_b`: the reached columns of b as rows.
  void one_by_one(const std::uint8_t* reached, const Places& rows, const Places& columns,
                  const MutableView& columns_of_b) const {
    Scratch sums(columns_of_b.rows(), to_b != nullptr ? b.rows() : 0);
    for (Index i : rows) {
      for (Index c = 0; c < columns_of_b.rows(); ++c) {
        const Index j = columns[static_cast<std::size_t>(c)];
        if (reached[i * b.cols() + j] == 0) continue;
        const Real g = adjoint(i, j);
        if (to_a != nullptr) {
          MutableView(to_a, a.rows(), a.cols()).row(i) += g * columns_of_b.row(c);
        }
        if (to_b != nullptr) sums->row(c) += g * a.row(i);
      }
    }
    if (to_b != nullptr) add_to_b(columns, *sums);
  }
};

void multiply(Node& out, const Node& a, const Node& b) {
  const Product p = product_of(a.shape, b.shape);
  each_member(p, [&](Index member, Index at_a, Index at_b) {
    MutableView(out.value + member * p.n * p.m, p.n, p.m).noalias() =
        View(values(a) + at_a * p.n * p.k, p.n, p.k) * View(values(b) + at_b * p.k * p.m, p.k, p.m);
  });
}

class OwedProduct final : public Owed {
 public:
  OwedProduct(const Tensor& a, const Tensor& b) : a_(a), b_(b) {}
  void fill(Node& out) override { multiply(out, a_.node(), b_.node()); }

  Tensor take(const Node&, const PlacesPtr& at, Index row) const override {
    const Product p = product_of(a_.shape(), b_.shape());
    if (p.m % row != 0) return {};
    const Index groups = p.m / row;
    Positions key{-3, p.n, groups};
    for (const Shape* shape : {&p.batch_a, &p.batch_b, &p.batch}) {
      key.push_back(-1);
      key.insert(key.end(), shape->begin(), shape->end());
    }
    const auto mapped = [&](Index which, Index bound, auto f) {
      Positions own = key;
      own.push_back(which);
      return at->derived(std::move(own), bound, [&] {
        Positions positions = at->at();
        for (Index& i : positions) i = f(i);
        return positions;
      });
    };
    const BroadcastPlan<2> members(p.batch, {&p.batch_a, &p.batch_b});
    const bool is_one = p.batch.numel() == 1;
    const auto member_of = [&](Index i, std::size_t operand) {
      return is_one ? 0 : members.offsets_at(i / (p.n * groups))[operand];
    };
    const PlacesPtr rows = mapped(0, p.batch_a.numel() * p.n, [&](Index i) {
      return member_of(i, 0) * p.n + i / groups % p.n;
    });
    const PlacesPtr columns = mapped(1, p.batch_b.numel() * groups, [&](Index i) {
      return member_of(i, 1) * groups + i % groups;
    });
    const Tensor* columns_as_rows = waits(b_) ? b_.node().owed->transpose_of() : nullptr;
    const ProductRows product{p.k, p.m, row, columns_as_rows != nullptr};
    return matmul_rows(a_, columns_as_rows != nullptr ? *columns_as_rows : b_, product, rows,
                       columns);
  }

 private:
  Tensor a_, b_;
};

[[noreturn]] void unlike(const char* who, const Tensor& a, const Tensor& b, const char* remedy) {
  fail(who, "shapes " + to_string(a.shape()) + " and " + to_string(b.shape()), remedy);
}

void check_vectors(const char* who, const Tensor& a, const Tensor& b) {
  if (a.dim() != 1 || b.dim() != 1) unlike(who, a, b, "both must be vectors; matmul takes batches");
}

}  // namespace

void forward_matmul(Node& n) { multiply(n, *n.operands[0], *n.operands[1]); }

void backward_matmul(Node& n) {
  Node& a = *n.operands[0];
  Node& b = *n.operands[1];
  const Product p = product_of(a.shape, b.shape);
  const MaskBytes* reach_a = nullptr;
  const MaskBytes* reach_b = nullptr;
  if (n.reach != nullptr) {
    const Mask reach = reach_of(n).reshape(concatenate(p.batch, Shape{p.n, p.m}));
    reach_a = as_reach(any_to_shape(reach, concatenate(p.batch_a, Shape{p.n, 1}))
                           .broadcast_to(concatenate(p.batch_a, Shape{p.n, p.k})));
    reach_b = as_reach(any_to_shape(reach, concatenate(p.batch_b, Shape{1, p.m}))
                           .broadcast_to(concatenate(p.batch_b, Shape{p.k, p.m})));
  }
  Real* to_a = a.requires_grad ? open_sum(a, reach_a) : nullptr;
  Real* to_b = b.requires_grad ? open_sum(b, reach_b) : nullptr;
  each_member(p, [&](Index member, Index at_a, Index at_b) {
    const MatmulPullback pullback{View(values(a) + at_a * p.n * p.k, p.n, p.k),
                                  View(values(b) + at_b * p.k * p.m, p.k, p.m),
                                  View(n.adjoint + member * p.n * p.m, p.n, p.m),
                                  to_a != nullptr ? to_a + at_a * p.n * p.k : nullptr,
                                  to_b != nullptr ? to_b + at_b * p.k * p.m : nullptr};
    if (n.reach == nullptr) {
      pullback.all();
    } else {
      pullback.reached_only(n.reach->data() + member * p.n * p.m);
    }
  });
}

}  // namespace detail

Tensor matmul(const Tensor& x, const Tensor& y) {
  using detail::Node;
  const auto misfit = [&](const char* what, const char* remedy) {
    fail("matmul", "shapes " + to_string(x.shape()) + " and " + to_string(y.shape()) + what,
         remedy);
  };
  if (x.dim() == 0 || y.dim() == 0) misfit(": a scalar is no matrix", "use *");
  const Shape& given_a = x.shape();
  const Shape& given_b = y.shape();
  if (given_a.from_right(1) != (y.dim() == 1 ? given_b[0] : given_b.from_right(2))) {
    misfit(" do not fit",
           "the last axis of the first must be as long as the last but one of the second");
  }
  // A vector is a row on the left and a column on the right; the axis that this adds disappears
  // again.
  if (x.dim() == 1) {
    const Tensor product = matmul(reshape(x, concatenate(Shape{1}, given_a)), y);
    return y.dim() == 1 ? product.reshape({})
                        : product.reshape(product.shape().without(product.shape().rank() - 2));
  }
  if (y.dim() == 1) {
    const Tensor product = matmul(x, reshape(y, concatenate(given_b, Shape{1})));
    return product.reshape(product.shape().without(product.shape().rank() - 1));
  }
  const Shape batch_a = given_a.first(given_a.rank() - 2);
  const Shape batch_b = given_b.first(given_b.rank() - 2);
  if (!can_broadcast(batch_a, batch_b)) {
    misfit(" do not fit: their batches do not broadcast",
           "the axes before the last two must be equal or 1, counted from the right");
  }
  Node& a = x.node();
  Node& b = y.node();
  const Shape shape = concatenate(broadcast_shapes(batch_a, batch_b, "matmul"),
                                  Shape{given_a.from_right(2), given_b.from_right(1)});
  if (shape.numel() >= detail::kWaitsFrom) {
    return detail::wait(detail::Op::matmul, shape, {&a, &b},
                        std::make_unique<detail::OwedProduct>(x, y));
  }
  Node* out = detail::new_result(detail::Op::matmul, shape, {&a, &b});
  Tensor result(out);
  detail::multiply(*out, a, b);
  return result;
}

Tensor dot(const Tensor& a, const Tensor& b) {
  detail::check_vectors("dot", a, b);
  if (a.numel() != b.numel()) detail::unlike("dot", a, b, "they must have one length");
  return sum(a * b);
}

Tensor outer(const Tensor& a, const Tensor& b) {
  detail::check_vectors("outer", a, b);
  return unsqueeze(a, 1) * b;
}

}  // namespace ember
