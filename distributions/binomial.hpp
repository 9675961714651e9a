// The family Binomial.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// Binomial(total_count, {.probs = p}), or {.logits = log(p / (1 - p))}: the number of successes
/// in total_count trials; log p(x) = log C(total_count, x) + x log p + (total_count - x) log(1 -
/// p), x = 0 .. total_count.
class Binomial : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor total_count = {}, probs = {}, logits = {};
  };
  /// One of the two.
  struct Success {
    Tensor probs = {}, logits = {};
  };
  Binomial(const Tensor& total_count, const Success& success)
      : Binomial(Params{total_count, success.probs, success.logits}) {}
  explicit Binomial(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
