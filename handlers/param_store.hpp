// The parameter store: the process's learnable parameters, by name.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ember/core/name.hpp>
#include <ember/distributions/constraint.hpp>
#include <ember/handlers/values.hpp>

namespace ember {

namespace detail {

/// A parameter. What is stored and optimised is its unconstrained value u; its value is
/// transform_to(constraint)(u).
struct ParamEntry {
  Name name;
  Constraint constraint;
  Tensor unconstrained;
};

}  // namespace detail

/// Parameters in order of first use. May be used from any thread.
class ParamStore {
 public:
  using Entry = std::shared_ptr<detail::ParamEntry>;

  ParamStore();
  ParamStore(const ParamStore&) = delete;
  ParamStore& operator=(const ParamStore&) = delete;
  ~ParamStore();

  /// The (constrained) value of a parameter; an error where there is none of that name.
  Tensor get(Name name) const;
  /// Puts a parameter, in place of the one that there may be.
  void set(Name name, const Tensor& value, const Constraint& constraint = constraints::real);
  bool contains(Name name) const;
  std::vector<std::string> names() const;
  /// The (constrained) values of all.
  Values values() const;
  void erase(Name name);
  void clear();

  /// The value for a `param` statement: what is stored, or at first `init`. An error where the
  /// stored parameter has another shape or constraint.
  Tensor use(Name name, const Tensor& init, const Constraint& constraint);
  /// The entry, made of `init` where there is none; see use.
  Entry entry(Name name, const Tensor& init, const Constraint& constraint);
  Entry find(Name name) const;
  /// Changes whenever an entry was taken out or replaced: who keeps entries looks for them again.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Puts entries, in place of those of the same names.
  void put(std::span<const Entry> entries);

  /// Held by who optimises; an error where another thread does.
  class Optimising {
   public:
    explicit Optimising(ParamStore& store);
    Optimising(const Optimising&) = delete;
    Optimising& operator=(const Optimising&) = delete;
    ~Optimising();

   private:
    ParamStore& store_;
  };

  /// JSON: constraints with their arguments, unconstrained values, and constrained ones for
  /// readers.
  void save(const std::string& path) const;
  /// Adds the file's parameters, in place of those of the same names.
  void load(const std::string& path);

 private:
  struct State;  // its headers are among those that take longest to compile

  std::unique_ptr<State> state_;
  std::atomic<std::uint64_t> version_{0};
};

/// The parameter store of the process.
ParamStore& param_store();

namespace detail {

/// The parameters that a recording uses: each is one leaf of it, whose adjoint an optimiser reads.
class ParamLeaves {
 public:
  struct Leaf {
    ParamStore::Entry entry;
    Tensor unconstrained;  // the leaf; undefined between scopes
    Node* node = nullptr;  // of it
    Tensor constrained;    // undefined until somebody asks
    /// Room for its adjoint, which stays when the recording has ended; outside of `written` there
    /// are zeros, unless the last step that used it ended in an error.
    PooledVector<Real> room{};
    Mask written = true;
    bool is_collected = false;

    /// Comes before a step writes to the room.
    void begin_step() {
      if (!std::exchange(is_collected, false)) forget_written();
    }
    void forget_written();
  };

  /// While a scope is alive, this thread's parameters are leaves of the running recording, which
  /// must outlive it. A first use in a recording inside of that one is an error: nobody would see
  /// its gradient.
  class Scope {
   public:
    explicit Scope(ParamLeaves& leaves);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

   private:
    ParamLeaves* outer_;
  };

  /// Those of the running scope, in order of first use.
  std::span<Leaf* const> leaves() const { return used_; }

  Leaf& leaf(const ParamStore::Entry& entry);

 private:
  std::vector<std::unique_ptr<Leaf>> by_name_;  // by its id; from step to step
  std::vector<Leaf*> used_;
  std::uint64_t recording_ = 0;
};

/// Where an exception ends the life of one of these, the parameters that came into the store
/// through `param` statements of this thread meanwhile are taken out again. They nest.
class NewParams {
 public:
  NewParams();
  NewParams(const NewParams&) = delete;
  NewParams& operator=(const NewParams&) = delete;
  ~NewParams();

  void add(Name name);

 private:
  NewParams* outer_;
  int exceptions_;
  std::vector<Name> names_;
};

/// The (constrained) value of an entry: of its leaf while a ParamLeaves::Scope is alive.
Tensor value_of(const ParamStore::Entry& entry);
/// The unconstrained numbers behind it.
Tensor unconstrained_value_of(const ParamStore::Entry& entry);

}  // namespace detail
}  // namespace ember
