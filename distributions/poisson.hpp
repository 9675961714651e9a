// The family Poisson.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Poisson(rate), or by .log_rate: log p(x) = x log rate - rate - log x!, x = 0, 1, 2, .., rate >=
/// 0.
class Poisson : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor rate = {}, log_rate = {};
  };
  explicit Poisson(const Tensor& rate) : Poisson(Params{rate, {}}) {}
  explicit Poisson(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
