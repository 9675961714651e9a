// Operators that put axes in another order, or walk two of them at once.
#include <ember/core/eigen_views.hpp>

#include <ember/core/index_text.hpp>
#include <ember/core/linalg.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/runs.hpp>
#include <ember/core/selection.hpp>

namespace ember {
namespace detail {

namespace {

struct Matrices {
  Index count, rows, columns;  // of the operand
};
Matrices matrices_of(const Shape& shape) {
  const std::size_t rank = shape.rank();
  return {shape.first(rank - 2).numel(), shape[rank - 2], shape[rank - 1]};
}

// Where element i of the transpose stands in the operand.
Index source(const Matrices& m, Index i) {
  const Index j = i % (m.rows * m.columns);
  return i - j + j % m.rows * m.columns + j / m.rows;
}

template <class F>
void each_matrix(const Matrices& m, F f) {
  for (Index k = 0; k < m.count; ++k) f(k * m.rows * m.columns);
}

void fill_transpose(Node& out, const Node& in) {
  const Matrices m = matrices_of(in.shape);
  const Real* from = values(in);
  each_matrix(m, [&](Index at) {
    MutableView(out.value + at, m.columns, m.rows) = View(from + at, m.rows, m.columns).transpose();
  });
}

class OwedTranspose final : public Owed {
 public:
  explicit OwedTranspose(const Tensor& x) : x_(x) {}
  void fill(Node& out) override { fill_transpose(out, x_.node()); }
  const Tensor* transpose_of() const override { return &x_; }
  Tensor take(const Node&, const PlacesPtr& at, Index row) const override {
    if (row != 1) return {};
    const Matrices m = matrices_of(x_.shape());
    const PlacesPtr mapped = at->derived({-2, m.rows, m.columns}, x_.numel(), [&] {
      Positions positions = at->at();
      for (Index& i : positions) i = source(m, i);
      return positions;
    });
    return detail::take(x_, x_.shape(), mapped, 1);
  }

 private:
  Tensor x_;
};

}  // namespace

void forward_transpose(Node& n) { fill_transpose(n, *n.operands[0]); }
void forward_permute(Node& n) { copy_again(n); }
void forward_diagonal(Node& n) { copy_again(n); }

void backward_transpose(Node& n) {
  Node& in = *n.operands[0];
  const Matrices m = matrices_of(in.shape);
  if (n.reach == nullptr) {
    const Sink sink = open_adjoint(in, nullptr);
    each_matrix(m, [&](Index at) {
      MutableView to(sink.data + at, m.rows, m.columns);
      const View from(n.adjoint + at, m.columns, m.rows);
      if (sink.add) {
        to += from.transpose();
      } else {
        to = from.transpose();
      }
    });
    return;
  }
  Bytes bytes(static_cast<std::size_t>(in.numel));
  for (Index i : n.reach->positions()) bytes[static_cast<std::size_t>(source(m, i))] = 1;
  Real* out = open_sum_at(in, std::move(bytes));
  if (out == nullptr) return;
  for (Index i : n.reach->positions()) out[source(m, i)] += n.adjoint[i];
}
void backward_permute(Node& n) { return_runs(n); }
void backward_diagonal(Node& n) { return_runs(n); }

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor transpose(const Tensor& x) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  if (rank < 2)
    fail("transpose", "shape " + to_string(in.shape) + " has fewer than two axes",
         "reshape it first");
  const Shape shape =
      concatenate(in.shape.first(rank - 2), Shape{in.shape[rank - 1], in.shape[rank - 2]});
  if (detail::waits(in) || in.numel >= detail::kWaitsFrom) {
    return detail::wait(Op::transpose, shape, {&in}, std::make_unique<detail::OwedTranspose>(x));
  }
  Node* out = detail::new_result(Op::transpose, shape, {&in});
  detail::fill_transpose(*out, in);
  return Tensor(out);
}

Tensor permute(const Tensor& x, const std::vector<Index>& axes) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  std::array<Index, kMaxRank> strides{}, steps{};
  Index stride = 1;
  for (std::size_t a = rank; a-- > 0; stride *= in.shape[a]) strides[a] = stride;
  std::array<bool, kMaxRank> seen{};
  Shape shape;
  for (std::size_t k = 0; k < std::min(axes.size(), rank); ++k) {
    const std::size_t a = normalize_axis(axes[k], in.shape, "permute");
    steps[k] = strides[a];
    seen[a] = true;
    shape.push_back(in.shape[a]);
  }
  if (axes.size() != rank || std::count(seen.begin(), seen.end(), true) != std::ssize(axes)) {
    fail("permute", "axes " + detail::axes_text(axes) + " of shape " + to_string(in.shape),
         "name each axis once");
  }
  return detail::copy_runs(Op::permute, in, shape, 1, [&](Index i) {
    Index at = 0;
    for (std::size_t k = rank; k-- > 0; i /= shape[k]) at += i % shape[k] * steps[k];
    return at;
  });
}

Tensor diagonal(const Tensor& x) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  if (rank < 2) {
    fail("diagonal", "shape " + to_string(in.shape) + " has fewer than two axes",
         "reshape it first");
  }
  const Index columns = in.shape[rank - 1];
  const Index size = in.shape[rank - 2] * columns;
  const Index length = std::min(in.shape[rank - 2], columns);
  const Shape shape = concatenate(in.shape.first(rank - 2), Shape{length});
  return detail::copy_runs(Op::diagonal, in, shape, 1,
                           [=](Index i) { return i / length * size + i % length * (columns + 1); });
}

}  // namespace ember
