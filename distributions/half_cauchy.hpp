// HalfCauchy(scale): log p(x) = log(2 / pi) - log scale - log(1 + (x / scale)^2), x >= 0, scale >
// 0.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

class HalfCauchy : public Distribution {
 public:
  explicit HalfCauchy(const Tensor& scale);
};

}  // namespace ember::distributions
