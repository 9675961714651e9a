// Normal(loc, scale): log p(x) = -((x - loc) / scale)^2 / 2 - log scale - log(2 pi) / 2, x real,
// scale > 0.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

class Normal : public Distribution {
 public:
  Normal(const Tensor& loc, const Tensor& scale);
};

}  // namespace ember::distributions
