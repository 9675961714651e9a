// The family Uniform.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Uniform(low, high): log p(x) = -log(high - low), low <= x <= high, low < high.
class Uniform : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor low = {}, high = {};
  };
  Uniform(const Tensor& low, const Tensor& high) : Uniform(Params{low, high}) {}
  explicit Uniform(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
