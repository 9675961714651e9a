// The family LogNormal.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// LogNormal(loc, scale): exp(X) of X ~ Normal(loc, scale); log p(x) = log Normal(log x; loc,
/// scale) - log x, x > 0.
class LogNormal : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor loc = {}, scale = {};
  };
  LogNormal(const Tensor& loc, const Tensor& scale) : LogNormal(Params{loc, scale}) {}
  explicit LogNormal(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
