// The family MultivariateNormal.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// MultivariateNormal(loc, S): log p(x) = -(x - loc)^T S^-1 (x - loc) / 2 - log det(2 pi S) / 2, x
/// a real vector of n numbers. S is given as .covariance_matrix, by its Cholesky factor
/// .scale_tril (S = L L^T), or by its inverse .precision_matrix; what stands before the last axis
/// of loc and the last two of the matrix is the batch. A mask counts whole vectors.
class MultivariateNormal : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor loc = {}, scale_tril = {}, covariance_matrix = {}, precision_matrix = {};
  };
  /// Exactly one of them.
  struct Scale {
    Tensor scale_tril = {}, covariance_matrix = {}, precision_matrix = {};
  };
  MultivariateNormal(const Tensor& loc, const Scale& scale)
      : MultivariateNormal(
            Params{loc, scale.scale_tril, scale.covariance_matrix, scale.precision_matrix}) {}
  explicit MultivariateNormal(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
