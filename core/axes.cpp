// Operators that put axes in another order, or walk two of them at once.
#include <ember/core/linalg.hpp>
#include <ember/core/runs.hpp>
#include <ember/core/selection.hpp>

namespace ember {
namespace detail {

void backward_transpose(Node& n) { return_runs(n); }
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
  const Index rows = in.shape[rank - 2];
  const Index columns = in.shape[rank - 1];
  const Shape shape = concatenate(in.shape.first(rank - 2), Shape{columns, rows});
  const Index size = rows * columns;
  return detail::copy_runs(Op::transpose, in, shape, 1, [=](Index i) {
    const Index j = i % size;
    return i - j + j % rows * columns + j / rows;
  });
}

Tensor permute(const Tensor& x, const std::vector<Index>& axes) {
  Node& in = x.node();
  const std::size_t rank = in.shape.rank();
  std::string list;
  for (Index axis : axes) list += (list.empty() ? "" : ", ") + std::to_string(axis);
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
    fail("permute", "axes {" + list + "} of shape " + to_string(in.shape), "name each axis once");
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
