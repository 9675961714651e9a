// The family Normal.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Normal(loc, scale): log p(x) = -((x - loc) / scale)^2 / 2 - log scale - log(2 pi) / 2, x real,
/// scale > 0.
class Normal : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor loc = {}, scale = {};
  };
  Normal(const Tensor& loc, const Tensor& scale) : Normal(Params{loc, scale}) {}
  explicit Normal(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
