// The family Exponential.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Exponential(rate): log p(x) = log rate - rate x, x >= 0, rate > 0.
class Exponential : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor rate = {};
  };
  explicit Exponential(const Tensor& rate) : Exponential(Params{rate}) {}
  explicit Exponential(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
