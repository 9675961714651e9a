#include <ember/handlers/param_store.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include <ember/core/error.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>
#include <ember/distributions/biject_to.hpp>

namespace ember {
namespace {

thread_local detail::ParamLeaves* current_leaves = nullptr;
thread_local detail::NewParams* new_params = nullptr;

std::string param_text(Name name) { return "param '" + name.str() + "'"; }

// What the store keeps belongs to no recording: other threads may use it at once.
Tensor on_heap(const Tensor& x) {
  Tensor copy = x;
  if (x.defined()) detail::own_values(copy);
  return copy;
}

ParamStore::Entry make_entry(Name name, const Tensor& value, const Constraint& constraint) {
  return with_context("param", name, [&] {
    check_visible(constraint, value, Mask(true), "", "value");
    const Constraint kept =
        Constraint(constraint.kind(), on_heap(constraint.lower()), on_heap(constraint.upper()))
            .independent(constraint.reinterpreted());
    const Tensor u = transform_to(constraint).inv(detach(value));
    return std::make_shared<detail::ParamEntry>(detail::ParamEntry{name, kept, on_heap(u)});
  });
}

}  // namespace

struct ParamStore::State {
  std::shared_mutex mutex;
  std::atomic_flag optimising;
  std::unordered_map<std::uint32_t, Entry> entries;  // by name
  std::vector<Name> order;
};

ParamStore::ParamStore() : state_(std::make_unique<State>()) {}
ParamStore::~ParamStore() = default;

Tensor ParamStore::get(Name name) const {
  const Entry entry = find(name);
  if (!entry) {
    fail(param_text(name), "is not in the parameter store",
         detail::did_you_mean(name, names()) + "param(name, init) puts it there");
  }
  return detail::value_of(entry);
}

void ParamStore::set(Name name, const Tensor& value, const Constraint& constraint) {
  const Entry entry = make_entry(name, value, constraint);
  put({&entry, 1});
}

void ParamStore::put(std::span<const Entry> entries) {
  const std::unique_lock lock(state_->mutex);
  for (const Entry& entry : entries) {
    Entry& slot = state_->entries[entry->name.id()];
    if (!slot) state_->order.push_back(entry->name);
    slot = entry;
  }
  ++version_;
}

bool ParamStore::contains(Name name) const { return find(name) != nullptr; }

std::vector<std::string> ParamStore::names() const {
  const std::shared_lock lock(state_->mutex);
  std::vector<std::string> names;
  for (Name name : state_->order) names.push_back(name.str());
  return names;
}

Values ParamStore::values() const {
  Values values;
  for (const std::string& name : names()) values.emplace(name, get(Name(name)));
  return values;
}

void ParamStore::erase(Name name) {
  const std::unique_lock lock(state_->mutex);
  state_->entries.erase(name.id());
  state_->order.erase(std::remove(state_->order.begin(), state_->order.end(), name),
                      state_->order.end());
  ++version_;
}

void ParamStore::clear() {
  const std::unique_lock lock(state_->mutex);
  state_->entries.clear();
  state_->order.clear();
  ++version_;
}

ParamStore::Entry ParamStore::find(Name name) const {
  const std::shared_lock lock(state_->mutex);
  const auto found = state_->entries.find(name.id());
  return found == state_->entries.end() ? nullptr : found->second;
}

ParamStore::Entry ParamStore::entry(Name name, const Tensor& init, const Constraint& constraint) {
  if (Entry there = find(name)) {
    if (!init.defined()) return there;
    const Shape shape = transform_to(there->constraint).forward_shape(there->unconstrained.shape());
    if (!(shape == init.shape())) {
      fail(param_text(name),
           "the store has shape " + to_string(shape) + ", the statement " + to_string(init.shape()),
           "rename it, or clear the store");
    }
    if (!(there->constraint == constraint)) {
      fail(param_text(name),
           "the store has constraint " + there->constraint.name() + ", the statement " +
               constraint.name(),
           "rename it, or clear the store");
    }
    return there;
  }
  if (!init.defined()) {
    fail(param_text(name), "is not in the parameter store",
         detail::did_you_mean(name, names()) + "at first it needs an initial value");
  }
  Entry made = make_entry(name, init, constraint);
  const std::unique_lock lock(state_->mutex);
  const auto [slot, is_new] = state_->entries.emplace(name.id(), made);
  if (is_new) state_->order.push_back(name);
  if (is_new && new_params != nullptr) new_params->add(name);
  return slot->second;
}

Tensor ParamStore::use(Name name, const Tensor& init, const Constraint& constraint) {
  return detail::value_of(entry(name, init, constraint));
}

ParamStore::Optimising::Optimising(ParamStore& store) : store_(store) {
  if (!store.state_->optimising.test_and_set(std::memory_order_acquire)) return;
  fail("param_store", "two threads optimise its parameters at once", "fit one after the other");
}
ParamStore::Optimising::~Optimising() {
  store_.state_->optimising.clear(std::memory_order_release);
}

ParamStore& param_store() {
  static ParamStore store;
  return store;
}

namespace detail {

NewParams::NewParams()
    : outer_(std::exchange(new_params, this)), exceptions_(std::uncaught_exceptions()) {}

void NewParams::add(Name name) { names_.push_back(name); }

NewParams::~NewParams() {
  new_params = outer_;
  const bool has_failed = std::uncaught_exceptions() > exceptions_;
  for (Name name : names_) {
    if (has_failed) {
      param_store().erase(name);
    } else if (outer_ != nullptr) {
      outer_->add(name);
    }
  }
}

ParamLeaves::Scope::Scope(ParamLeaves& leaves) : outer_(std::exchange(current_leaves, &leaves)) {
  leaves.recording_ = Tape::current().recording_id();
}

ParamLeaves::Scope::~Scope() {
  ParamLeaves& leaves = *std::exchange(current_leaves, outer_);
  for (Leaf* leaf : leaves.used_) {
    leaf->unconstrained = Tensor();
    leaf->constrained = Tensor();
  }
  leaves.used_.clear();
}

ParamLeaves::Leaf& ParamLeaves::leaf(const ParamStore::Entry& entry) {
  const std::uint32_t id = entry->name.id();
  if (by_name_.size() <= id) by_name_.resize(id + 1U);
  if (!by_name_[id]) by_name_[id] = std::make_unique<Leaf>();
  Leaf& leaf = *by_name_[id];
  if (leaf.unconstrained.defined()) return leaf;
  if (Tape::current().recording_id() != recording_) {
    fail(param_text(entry->name),
         "an inner value_and_grad depends on a parameter of the step that is running; derivatives "
         "of derivatives are not computed",
         "call param before it, and detach the value");
  }
  if (leaf.entry != entry) leaf.entry = entry;
  const Tensor& u = entry->unconstrained;
  const auto n = static_cast<std::size_t>(u.node().numel);
  if (leaf.room.size() != n) {
    leaf.room.resize(n);
    leaf.is_collected = false;  // what was written stood elsewhere
  }
  leaf.begin_step();
  leaf.unconstrained = Recording::leaf(u, leaf.room.data());
  leaf.node = &leaf.unconstrained.node();
  used_.push_back(&leaf);
  return leaf;
}

void ParamLeaves::Leaf::forget_written() { written = true; }

Tensor value_of(const ParamStore::Entry& entry) {
  if (current_leaves == nullptr) return transform_to(entry->constraint)(entry->unconstrained);
  ParamLeaves::Leaf& leaf = current_leaves->leaf(entry);
  if (!leaf.constrained.defined()) {
    leaf.constrained = transform_to(entry->constraint)(leaf.unconstrained);
  }
  return leaf.constrained;
}

Tensor unconstrained_value_of(const ParamStore::Entry& entry) {
  return current_leaves != nullptr ? current_leaves->leaf(entry).unconstrained
                                   : entry->unconstrained;
}

}  // namespace detail
}  // namespace ember
