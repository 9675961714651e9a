// The family Laplace.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Laplace(loc, scale): log p(x) = -|x - loc| / scale - log(2 scale), x real, scale > 0.
class Laplace : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor loc = {}, scale = {};
  };
  Laplace(const Tensor& loc, const Tensor& scale) : Laplace(Params{loc, scale}) {}
  explicit Laplace(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
