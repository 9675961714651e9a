// What a covariance matrix does, whichever way it is given: as its Cholesky factor S = L L^T, as S,
// or as its inverse, S^-1 = L L^T. Batches stand before the matrices.
#pragma once

#include <ember/core/tensor.hpp>

namespace ember::distributions {

class Family;

/// A covariance matrix S by its factor L.
class GaussianFactor {
 public:
  enum class Form : std::uint8_t { scale_tril, covariance_matrix, precision_matrix };
  GaussianFactor(const Tensor& matrix, Form form);
  /// That of a MultivariateNormal. Members that are not positive definite give NaN, not an error.
  explicit GaussianFactor(const Family& multivariate_normal);

  Index size() const { return l_.shape().from_right(1); }
  /// W x with W^T W = S^-1, and A x with A A^T = S, for the columns of x (.., n, k).
  Tensor whiten(const Tensor& columns) const;
  Tensor color(const Tensor& columns) const;
  /// The same for rows (.., n).
  Tensor whiten_rows(const Tensor& rows) const;
  Tensor color_rows(const Tensor& rows) const;
  /// log(det S) / 2
  Tensor half_log_det() const;
  /// The diagonal of S.
  Tensor variance() const;

 private:
  template <class F>
  Tensor each_row(const Tensor& rows, F f) const;

  Tensor l_;
  bool is_precision_;
};

}  // namespace ember::distributions
