// Linear algebra on the last two axes: every axis before them counts batch members, one matrix
// each.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember {

/// The matrix product of (.., n, k) and (.., k, m); vectors are taken as NumPy takes them.
Tensor matmul(const Tensor& a, const Tensor& b);
/// sum(a * b) of two vectors of one length.
Tensor dot(const Tensor& a, const Tensor& b);
/// All products of two vectors: (n) and (m) make (n, m).
Tensor outer(const Tensor& a, const Tensor& b);

/// The lower triangular L with L L^T = (s + s^T) / 2 for each matrix of s (.., n, n), zeros above
/// its diagonal. The gradient is symmetric (I. Murray, Differentiation of the Cholesky
/// decomposition, 2016).
///
/// A member that holds NaN or an infinity gives NaN on and below the diagonal. A finite one that is
/// not positive definite is an error, also where a mask hides what is made of it later: put the
/// identity there first, cholesky(where(kept.unsqueeze_right(2), s, eye(n))). A member of whose
/// result nothing is reached has gradient 0, whatever it holds.
Tensor cholesky(const Tensor& s);

/// Which triangle of a matrix is meant, and whether it is transposed.
struct TriangularSolveOptions {
  bool upper = false;
  bool transpose = false;
};

/// x with a x = b (or a^T x = b) for triangular a (.., n, n) and b (.., n, k), or a vector b (n);
/// what stands before broadcasts. The other triangle of a is not read. A zero on the diagonal
/// divides by zero, as / does.
Tensor triangular_solve(const Tensor& a, const Tensor& b,
                        const TriangularSolveOptions& options = {});

/// The diagonals of (.., n, m): (.., min(n, m)).
Tensor diagonal(const Tensor& x);
/// (.., n) as the diagonals of (.., n, n), zero elsewhere.
Tensor diag_embed(const Tensor& x);
/// diag_embed of a vector, diagonal of a matrix; other ranks are an error.
Tensor diag(const Tensor& x);

/// x on and below (tril), on and above (triu) the k-th diagonal, zero elsewhere: k = 0 is the main
/// one, above it k is positive. What is left out has gradient 0, whatever it is.
Tensor tril(const Tensor& x, Index k = 0);
Tensor triu(const Tensor& x, Index k = 0);

}  // namespace ember
