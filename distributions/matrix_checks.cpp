#include <ember/distributions/matrix_checks.hpp>

#include <cmath>

namespace ember::detail {
namespace {

// Asks f(first number, n) of every n x n matrix of x.
template <class F>
Mask each_matrix(const Tensor& x, F f) {
  const Shape& shape = x.shape();
  if (shape.rank() < 2 || shape.from_right(1) != shape.from_right(2)) return Mask(false);
  const Index n = shape.from_right(1);
  const Shape batch = shape.first(shape.rank() - 2);
  Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(batch.numel()));
  const Real* matrix = x.data().data();
  for (Index i = 0; i < batch.numel(); ++i) bytes.push_back(f(matrix + i * n * n, n) ? 1 : 0);
  return Mask::from_bytes(batch, std::move(bytes));
}

bool is_lower_cholesky(const Real* a, Index n) {
  for (Index i = 0; i < n; ++i) {
    if (!(a[i * n + i] > 0)) return false;
    for (Index j = 0; j < n; ++j) {
      if (j > i ? a[i * n + j] != 0 : std::isnan(a[i * n + j])) return false;
    }
  }
  return true;
}

bool is_positive_definite(const Real* a, Index n) {
  PooledVector<Real> l(static_cast<std::size_t>(n * n));
  const auto at = [&](Index i, Index j) -> Real& { return l[static_cast<std::size_t>(i * n + j)]; };
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      const Real left = a[i * n + j], right = a[j * n + i];
      if (!(std::abs(left - right) <= Real(1e-6) * (1 + std::abs(left)))) return false;
      Real rest = (left + right) / 2;
      for (Index k = 0; k < j; ++k) rest -= at(i, k) * at(j, k);
      if (i == j && !(rest > 0)) return false;
      at(i, j) = i == j ? std::sqrt(rest) : rest / at(j, j);
    }
  }
  return true;
}

}  // namespace

Mask lower_cholesky_members(const Tensor& x) { return each_matrix(x, is_lower_cholesky); }
Mask positive_definite_members(const Tensor& x) { return each_matrix(x, is_positive_definite); }

}  // namespace ember::detail
