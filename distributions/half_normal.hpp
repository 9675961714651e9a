// The family HalfNormal.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// HalfNormal(scale): |X| of X ~ Normal(0, scale); log p(x) = log(2 / pi) / 2 - log scale - (x /
/// scale)^2 / 2, x >= 0.
class HalfNormal : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor scale = {};
  };
  explicit HalfNormal(const Tensor& scale) : HalfNormal(Params{scale}) {}
  explicit HalfNormal(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
