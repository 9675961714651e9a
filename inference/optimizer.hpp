// Optimizer: what all optimisers have in common. They ascend the ELBO in the unconstrained values
// of the parameter store; SGD, RMSprop, Adam and its relatives say how.
#pragma once

#include <array>
#include <span>
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
  Name name;
  /// The store's entry of that name when the moments were made: another one begins anew.
  ParamStore::Entry entry;
  std::array<Moment, 3> moments = {};  // empty where the rule has none
  Index steps = 0;
  /// Elsewhere every gradient was 0 so far, and so are the moments: nothing moves.
  Mask reached = false;
  bool is_settled = false;  // it has moments, and all of it moves
};

/// What an optimiser knows: all that a checkpoint keeps of it.
struct OptimizerStates {
  Index steps = 0;
  std::vector<OptimizerState> params;  // in order of first use
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
  const detail::ParamEntry* find_not_finite() const { return not_finite_; }
  /// One step along what was collected. Comes when the recording has ended, so that nobody but
  /// the store (and who keeps a value on purpose) holds the parameters.
  void apply();

  OptimizerStates& states() { return states_; }
  const OptimizerStates& states() const { return states_; }

 protected:
  /// The options that every optimiser has, and what its rule is like.
  struct Common {
    const char* who;
    double lr;
    Schedule schedule;
    RateOf rate_of;
    Clip clip;
    std::size_t moments;
    bool moves_at_rest = false;  // whether elements move that no gradient has ever reached
  };
  explicit Optimizer(Common common);
  Optimizer(const Optimizer&) = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(const Optimizer&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// An error unless eps is positive and finite: without it the step of a hidden element is 0 / 0.
  void check_eps(double value) const;
  /// An error unless low <= value < high.
  void check_option(const char* option, double value, double low, double high) const;

  /// Numbers of a parameter side by side.
  struct Elements {
    Index n;
    Real* u;
    const Real* g;                 // of the objective, which is to grow
    std::array<Real*, 3> moments;  // null where the rule has none
  };
  /// Moves the u of each of some parameters, or parts of them, that are equally old. `steps` counts
  /// this step already. Several threads may come at once, with parts of one parameter; before that
  /// comes a call with none, to get ready.
  virtual void update(std::span<const Elements> parts, Index steps, double lr) const = 0;

 private:
  struct Pending {
    detail::ParamLeaves::Leaf* leaf;
    double lr;
  };
  class Batch;
  void set_rates();
  void clip();
  OptimizerState& state_of(const ParamStore::Entry& entry);
  OptimizerState& find_state(const ParamStore::Entry& entry);
  static void take(Elements& all, OptimizerState& state, detail::ParamLeaves::Leaf& leaf);
  void advance(const Pending& pending, Batch& batch);
  void advance_alone(const Pending& pending, OptimizerState& state);
  void settle(OptimizerState& state, const detail::ParamLeaves::Leaf& leaf);
  Elements part_of(const Elements& all, Index begin, Index n) const;
  void update_large(const Elements& all, Index steps, double lr) const;
  void update_listed(const Elements& all, const detail::Positions& list, Index steps,
                     double lr) const;

  Common common_;
  OptimizerStates states_;
  std::size_t next_state_ = 0;  // the one that is likely to be asked for
  std::vector<Pending> pending_;
  const detail::ParamEntry* not_finite_ = nullptr;  // of those
};

}  // namespace ember::inference
