// The family HalfCauchy.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// HalfCauchy(scale): log p(x) = log(2 / pi) - log scale - log(1 + (x / scale)^2), x >= 0.
class HalfCauchy : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor scale = {};
  };
  explicit HalfCauchy(const Tensor& scale) : HalfCauchy(Params{scale}) {}
  explicit HalfCauchy(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
