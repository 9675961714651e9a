// Unit(log_factor): a value without elements, of log density log_factor: what factor statements are
// made of.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

class Unit : public Distribution {
 public:
  explicit Unit(const Tensor& log_factor);
};

}  // namespace ember::distributions
