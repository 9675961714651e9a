// The family Categorical.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Categorical over 0 .. C-1: p(x) = probs[x] / sum(probs), or softmax(logits)[x]; the last axis
/// of the parameter holds the categories. A logit of -infinity is an absent category.
class Categorical : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor probs = {}, logits = {};
  };
  explicit Categorical(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
