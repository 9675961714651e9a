// SGD: stochastic gradient descent, with momentum.
#pragma once

#include <ember/inference/optimizer.hpp>

namespace ember::inference {

/// Options of SGD.
struct SGDOptions {
  double lr = 0.01;
  double momentum = 0;
  Schedule schedule = {};
  RateOf rate_of = {};
  Clip clip = {};
};

/// b = momentum b + g; u -= lr b.
class SGD final : public Optimizer {
 public:
  explicit SGD(const SGDOptions& options = {});
  const char* name() const override { return "SGD"; }

 private:
  void update(std::span<const Elements> parts, Index steps, double lr) const override;
  SGDOptions options_;
};

}  // namespace ember::inference
