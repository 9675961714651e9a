// The family Beta.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Beta(concentration1, concentration0): log p(x) = (concentration1 - 1) log x + (concentration0 -
/// 1) log(1 - x) - log B(concentration1, concentration0), 0 <= x <= 1. Draws are differentiable
/// (implicit reparameterisation) and lie inside (0, 1): the ends round to their neighbours.
class Beta : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor concentration1 = {}, concentration0 = {};
  };
  Beta(const Tensor& concentration1, const Tensor& concentration0)
      : Beta(Params{concentration1, concentration0}) {}
  explicit Beta(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
