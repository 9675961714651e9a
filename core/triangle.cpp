// Triangles and diagonals: a mask of places, and `where`.
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>

namespace ember {
namespace {

// The places (i, j) of an n x m matrix for which f(j - i).
template <class F>
Mask places(Index n, Index m, F f) {
  detail::Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(n * m));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < m; ++j) bytes.push_back(f(j - i) ? 1 : 0);
  }
  return Mask::from_bytes({n, m}, std::move(bytes));
}

template <class F>
Tensor keep(const char* who, const Tensor& x, F f) {
  if (x.dim() < 2) {
    fail(who, "shape " + to_string(x.shape()) + " has fewer than two axes", "reshape it first");
  }
  return where(places(x.shape().from_right(2), x.shape().from_right(1), f), x, 0);
}

}  // namespace

Tensor tril(const Tensor& x, Index k) {
  return keep("tril", x, [k](Index above) { return above <= k; });
}

Tensor triu(const Tensor& x, Index k) {
  return keep("triu", x, [k](Index above) { return above >= k; });
}

Tensor diag_embed(const Tensor& x) {
  if (x.dim() == 0) fail("diag_embed", "a scalar has no axis to put on a diagonal", "reshape it");
  const Index n = x.shape().from_right(1);
  const Mask on_diagonal = places(n, n, [](Index above) { return above == 0; });
  return where(on_diagonal, reshape(x, concatenate(x.shape(), Shape{1})), 0);
}

Tensor diag(const Tensor& x) {
  if (x.dim() == 1) return diag_embed(x);
  if (x.dim() == 2) return diagonal(x);
  fail("diag", "shape " + to_string(x.shape()) + " is neither a vector nor a matrix",
       "say which is meant: diag_embed or diagonal");
}

}  // namespace ember
