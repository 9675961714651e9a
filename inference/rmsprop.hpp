// RMSprop: steps in units of the running root mean square of the gradient.
#pragma once

#include <ember/inference/optimizer.hpp>

namespace ember::inference {

/// Options of RMSprop.
struct RMSpropOptions {
  double lr = 0.01;
  double alpha = 0.99;
  double eps = 1e-8;
  double momentum = 0;
  bool centered = false;
  Schedule schedule = {};
  RateOf rate_of = {};
  Clip clip = {};
};

/// RMSprop (Hinton 2012, as torch has it): v = alpha v + (1 - alpha) g^2; b = momentum b + g /
/// (sqrt(v) + eps); u -= lr b. Centered (Graves, Generating sequences with recurrent neural
/// networks, 2013) it has sqrt(v - m^2), m = alpha m + (1 - alpha) g: the gradient's deviation.
class RMSprop final : public Optimizer {
 public:
  explicit RMSprop(const RMSpropOptions& options = {});
  const char* name() const override { return "RMSprop"; }

 private:
  void update(std::span<const Elements> parts, Index steps, double lr) const override;
  RMSpropOptions options_;
};

}  // namespace ember::inference
