// The family Cauchy.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Cauchy(loc, scale): log p(x) = -log(pi scale) - log(1 + ((x - loc) / scale)^2), x real, scale >
/// 0. It has no mean (NaN); its variance is infinite.
class Cauchy : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor loc = {}, scale = {};
  };
  Cauchy(const Tensor& loc, const Tensor& scale) : Cauchy(Params{loc, scale}) {}
  explicit Cauchy(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
