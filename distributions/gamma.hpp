// The family Gamma.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Gamma(concentration, rate): log p(x) = concentration log rate + (concentration - 1) log x -
/// rate x - log Gamma(concentration), x >= 0. Draws are differentiable in both parameters
/// (implicit reparameterisation); draws below the smallest positive normal number are that number.
class Gamma : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor concentration = {}, rate = {};
  };
  Gamma(const Tensor& concentration, const Tensor& rate) : Gamma(Params{concentration, rate}) {}
  explicit Gamma(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
