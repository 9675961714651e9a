// Delta(v): all mass in one point; log p(x) = log_density where x equals v, else -infinity. The
// gradient flows through the drawn value.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

class Delta : public Distribution {
 public:
  explicit Delta(const Tensor& v, const Tensor& log_density = 0.0, Index event_dim = 0);
};

}  // namespace ember::distributions
