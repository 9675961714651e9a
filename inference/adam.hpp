// Adam and its relatives: AdamW, ClippedAdam.
#pragma once

#include <ember/inference/optimizer.hpp>

namespace ember::inference {

/// Options of Adam.
struct AdamOptions {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  Schedule schedule = {};
  RateOf rate_of = {};
  Clip clip = {};
};

/// What the three share: m and v, the running means of g and g^2, and their corrections for having
/// begun at 0.
class AdamRule : public Optimizer {
 protected:
  AdamRule(const char* who, const AdamOptions& options, bool moves_at_rest = false);

  /// How fast parameters of an age move, m and v corrected: by lr / (1 - beta1^steps), and the
  /// square root of 1 - beta2^steps.
  struct Pace {
    Index steps = 0;
    double lr = 0, step_size = 0, root = 0;
  };
  const Pace& pace(Index steps, double lr) const;
  /// u -= step_size m / (sqrt(v) root + eps), m and v updated.
  void descend(std::span<const Elements> parts, double step_size, double root) const;
  /// Adam's own step.
  void step(std::span<const Elements> parts, Index steps, double lr) const;

 private:
  double beta1_, beta2_, log_beta1_, log_beta2_, eps_;
  mutable Pace pace_;
};

/// Adam (Kingma and Ba 2015): u -= lr m / (sqrt(v) + eps), m and v corrected.
class Adam final : public AdamRule {
 public:
  explicit Adam(const AdamOptions& options = {}) : AdamRule("Adam", options) {}
  const char* name() const override { return "Adam"; }

 private:
  void update(std::span<const Elements> parts, Index steps, double lr) const override {
    step(parts, steps, lr);
  }
};

/// Options of AdamW.
struct AdamWOptions {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  Schedule schedule = {};
  RateOf rate_of = {};
  Clip clip = {};
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): u -= lr weight_decay u, then
/// Adam's step. What decays are unconstrained values.
class AdamW final : public AdamRule {
 public:
  explicit AdamW(const AdamWOptions& options = {});
  const char* name() const override { return "AdamW"; }

 private:
  void update(std::span<const Elements> parts, Index steps, double lr) const override;
  double weight_decay_;
};

/// Options of ClippedAdam.
struct ClippedAdamOptions {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double clip_norm = 10;  // gradients are clamped to [-clip_norm, clip_norm], element by element
  double lrd = 1;         // the learning rate is multiplied with this at each step
  Schedule schedule = {};
  RateOf rate_of = {};
};

/// Adam with clamped gradients and a decaying learning rate, as Pyro's ClippedAdam.
class ClippedAdam final : public AdamRule {
 public:
  explicit ClippedAdam(const ClippedAdamOptions& options = {});
  const char* name() const override { return "ClippedAdam"; }

 private:
  void update(std::span<const Elements> parts, Index steps, double lr) const override;
  double lrd_;
};

}  // namespace ember::inference
