// The family Bernoulli.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Bernoulli: P(1) = probs = sigmoid(logits); log p(x) = x log probs + (1 - x) log(1 - probs), x
/// in {0, 1}.
class Bernoulli : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor probs = {}, logits = {};
  };
  explicit Bernoulli(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
