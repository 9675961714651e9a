// Optimizer: what all optimisers have in common. They ascend the ELBO in the unconstrained values
// of the parameter store; SGD, RMSprop, Adam and its relatives say how.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include <ember/core/pool.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/inference/clip.hpp>
#include <ember/inference/schedule.hpp>

namespace ember::inference {

/// A running moment of a parameter's numbers. It begins where a vector register does: unaligned,
/// the loop over parameters and moments takes twice as long.
using Moment = detail::PooledVector<Real>;

/// What an optimiser knows of one parameter.
struct OptimizerState {
  Moment first, second, third;  // empty where the rule has none
  Index steps = 0;
};

/// What an optimiser knows: all that a checkpoint keeps of it.
struct OptimizerStates {
  Index steps = 0;
  std::unordered_map<std::uint32_t, OptimizerState> params;  // by the id of the name
};

/// The base of all optimisers: finds each parameter's state, gradient and learning rate, lr *
/// schedule(step) * rate_of(name), and writes its new value.
class Optimizer {
 public:
  virtual ~Optimizer();

  /// The rule's name, "Adam".
  virtual const char* name() const = 0;
  /// Takes the gradients (of what is to grow) of a recording's parameters, while it runs. They
  /// lie in the leaves' rooms, until apply().
  void collect(std::span<detail::ParamLeaves::Leaf* const> leaves);
  /// The first parameter whose collected gradient is not finite, or null.
  const detail::ParamEntry* find_not_finite() const;
  /// One step along what was collected. Comes when the recording has ended, so that nobody but
  /// the store (and who keeps a value on purpose) holds the parameters.
  void apply();

  OptimizerStates& states() { return states_; }
  const OptimizerStates& states() const { return states_; }

 protected:
  /// The options that every optimiser has.
  struct Common {
    const char* who;
    double lr;
    Schedule schedule;
    RateOf rate_of;
    Clip clip;
  };
  explicit Optimizer(Common common);
  Optimizer(const Optimizer&) = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(const Optimizer&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// An error unless low <= value < high.
  void check_option(const char* option, double value, double low, double high) const;
  /// Gives a moment room at the first step.
  static Real* open(Moment& moment, Index n);

  /// Moves n values u given the gradient g of the objective, which is to grow. state.steps counts
  /// this step already.
  virtual void update(OptimizerState& state, Index n, Real* u, const Real* g, double lr) const = 0;

 private:
  struct Pending {
    detail::ParamEntry* entry;  // which the leaf holds
    const Mask* written;        // outside of it the gradient is 0; the leaf's as well
    double lr;
  };
  void set_rates();
  void clip();

  Common common_;
  OptimizerStates states_;
  std::vector<Pending> pending_;
  std::vector<std::span<Real>> gradients_;  // of the objective, by those
};

}  // namespace ember::inference
