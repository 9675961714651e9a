// The family Delta.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Delta(v): all mass in one point; log p(x) = log_density where x equals v, else -infinity. The
/// gradient flows through the drawn value. The last event_dim axes of v make up one value;
/// log_density broadcasts with the others.
class Delta : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor v = {}, log_density = 0.0, event_dim = 0;
  };
  explicit Delta(const Tensor& v, const Tensor& log_density = 0.0, Index event_dim = 0)
      : Delta(Params{v, log_density, event_dim}) {}
  explicit Delta(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
