// Optimisers: SGD with momentum, Adam, ClippedAdam. They ascend the ELBO in the unconstrained
// values of the parameter store.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include <ember/handlers/param_store.hpp>

namespace ember::inference {

/// What an optimiser knows of one parameter.
struct OptimizerState {
  std::vector<Real> first, second;  // running moments; empty where the rule has none
  Index steps = 0;
};

/// The base of all optimisers: finds each parameter's state, and writes its new value.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Takes the gradients (of what is to grow) of a recording's parameters, while it runs.
  void collect(std::span<const detail::ParamLeaves::Leaf> leaves);
  /// The first parameter whose collected gradient is not finite, or null.
  const detail::ParamEntry* find_not_finite() const;
  /// One step along what was collected. Comes when the recording has ended, so that nobody but
  /// the store (and who keeps a value on purpose) holds the parameters.
  void apply();
  /// States by parameter name, for checkpoints.
  std::unordered_map<std::uint32_t, OptimizerState>& states() { return states_; }

 protected:
  Optimizer() = default;
  Optimizer(const Optimizer&) = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(const Optimizer&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  struct Corrections {
    double first, second;
  };
  Corrections corrections(double beta1, double beta2, Index steps) const;

  /// Moves n values u given the gradient g of the loss. state.steps counts this step already.
  virtual void update(OptimizerState& state, Index n, Real* u, const Real* g) const = 0;

 private:
  std::unordered_map<std::uint32_t, OptimizerState> states_;
  struct Pending {
    ParamStore::Entry entry;
    std::size_t begin;  // in gradient_
  };
  std::vector<Pending> pending_;
  std::vector<Real> gradient_;  // of the loss
  mutable struct {
    Index steps = 0;
    Corrections values{};
  } corrections_;
};

struct SGDOptions {
  double lr = 0.01;
  double momentum = 0;
};

/// b = momentum b + g; u -= lr b.
class SGD final : public Optimizer {
 public:
  explicit SGD(const SGDOptions& options = {}) : options_(options) {}

 private:
  void update(OptimizerState& state, Index n, Real* u, const Real* g) const override;
  SGDOptions options_;
};

struct AdamOptions {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
};

/// Adam (Kingma and Ba 2015): u -= lr m / (sqrt(v) + eps), m and v the bias-corrected running means
/// of g and g^2.
class Adam final : public Optimizer {
 public:
  explicit Adam(const AdamOptions& options = {}) : options_(options) {}

 private:
  void update(OptimizerState& state, Index n, Real* u, const Real* g) const override;
  AdamOptions options_;
};

struct ClippedAdamOptions {
  double lr = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double clip_norm = 10;  // gradients are clamped to [-clip_norm, clip_norm], element by element
  double lrd = 1;         // the learning rate is multiplied with this at each step
};

/// Adam with clamped gradients and a decaying learning rate, as Pyro's ClippedAdam.
class ClippedAdam final : public Optimizer {
 public:
  explicit ClippedAdam(const ClippedAdamOptions& options = {}) : options_(options) {}

 private:
  void update(OptimizerState& state, Index n, Real* u, const Real* g) const override;
  ClippedAdamOptions options_;
};

}  // namespace ember::inference
