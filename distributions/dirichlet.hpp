// The family Dirichlet.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Dirichlet(concentration): log p(x) = sum_k (a_k - 1) log x_k + log Gamma(sum a) - sum_k log
/// Gamma(a_k), x on the simplex, a_k > 0. The last axis of the concentration holds the a_k. A mask
/// counts whole vectors.
class Dirichlet : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor concentration = {};
  };
  explicit Dirichlet(const Tensor& concentration) : Dirichlet(Params{concentration}) {}
  explicit Dirichlet(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
