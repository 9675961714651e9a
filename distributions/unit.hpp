// The family Unit.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Unit(log_factor): a value without elements, of log density log_factor: what factor statements
/// are made of.
class Unit : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor log_factor = {};
  };
  explicit Unit(const Tensor& log_factor) : Unit(Params{log_factor}) {}
  explicit Unit(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
