#include <ember/inference/optimizer.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include <ember/core/element_block.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/pieces.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember::inference {

Optimizer::~Optimizer() = default;

Optimizer::Optimizer(Common common) : common_(std::move(common)) {
  check_option("lr", common_.lr, 0, special::kInfinity);
  check(common_.clip);
}

void Optimizer::check_option(const char* option, double value, double low, double high) const {
  if (value >= low && value < high) return;
  fail(common_.who, std::string(option) + " is " + detail::text_of_number(value),
       "it must be in [" + detail::text_of_number(low) + ", " + detail::text_of_number(high) + ")");
}

void Optimizer::check_eps(double value) const {
  if (static_cast<Real>(value) > 0 && std::isfinite(value)) return;
  fail(common_.who, "eps is " + detail::text_of_number(value), "it must be positive and finite");
}

namespace {

using detail::MaskBytes;
using detail::Node;

constexpr Index kSmall = 1000;     // numbers of a parameter
constexpr Index kNanoseconds = 2;  // that one of them takes

// Calls f(i) for all of begin .. end-1: 0 where all that it gives is finite, otherwise NaN. No
// early exit: the loop vectorises.
template <class F>
EMBER_INLINE Real zero_if_finite(Index begin, Index end, F f) {
  Real zero = 0;
#pragma omp simd reduction(+ : zero)
  for (Index i = begin; i < end; ++i) {
    const Real x = f(i);
    zero += x - x;
  }
  return zero;
}

// The same for 0 .. n-1, shared by threads where that pays: whether all is finite.
template <class F>
bool all_finite(Index n, F f) {
  std::atomic<bool> result = true;
  detail::in_pieces(n, 1, [&result, f](Index begin, Index end) {
    if (!(zero_if_finite(begin, end, f) == 0)) result.store(false, std::memory_order_relaxed);
  });
  return result;
}

// Writes 0 outside of a sparse reach, where an adjoint is not defined; outside of `written` there
// are zeros already.
void clear_unreached(std::span<Real> g, const MaskBytes& reach, const Mask& written) {
  if (const MaskBytes* before = written.bytes().get()) {
    if (before == &reach) return;
    for (const Index i : before->positions()) {
      if (!reach[i]) g[static_cast<std::size_t>(i)] = 0;
    }
  } else if (written.is_all()) {
    auto next = g.begin();
    for (const Index i : reach.positions()) {
      std::fill(next, g.begin() + i, Real{0});
      next = g.begin() + i + 1;
    }
    std::fill(next, g.end(), Real{0});
  }
}

// Brings the adjoint of a leaf into its room, with zeros where it does not reach: whether all of it
// is finite.
[[gnu::noinline]] bool bring_in(detail::ParamLeaves::Leaf& leaf) {
  const Node& node = *leaf.node;
  const std::span<Real> room = leaf.room;
  if (!node.has_adjoint) {
    std::fill(room.begin(), room.end(), Real{0});
    leaf.written = false;
    return true;
  }
  Real* g = room.data();
  if (node.adjoint != g) {
    if (node.aux == nullptr) leaf.written = true;  // somebody wrote what is not read
    const Real* from = node.adjoint;
    detail::for_reached_loosely(node.numel, node.reach, [=](Index i) { g[i] = from[i]; });
  }
  if (node.reach == nullptr) {
    if (!leaf.written.is_all()) leaf.written = true;
    return all_finite(node.numel, [g](Index i) { return g[i]; });
  }
  const Mask before = std::exchange(leaf.written, detail::reach_of(node));
  if (node.reach->is_sparse()) {
    clear_unreached(room, *node.reach, before);
    const detail::Positions& list = node.reach->positions();
    // Strewn numbers of a large array are far away: their lines are asked for early.
    return all_finite(std::ssize(list),
                      [g, at = list.data(), last = std::ssize(list) - 1](Index j) {
                        constexpr Index kAhead = 64;
                        __builtin_prefetch(g + at[std::min(j + kAhead, last)]);
                        return g[at[j]];
                      });
  }
  const std::uint8_t* reached = node.reach->data();
  return all_finite(node.numel,
                    [=](Index i) { return g[i] = detail::kept_or_zero(reached[i], g[i]); });
}

// The same, where nothing has to be brought or there is one number. 0 where all of it is finite:
// what leaves give is added up, which costs less than asking each of them.
EMBER_INLINE Real collect_leaf(detail::ParamLeaves::Leaf& leaf) {
  const Node& node = *leaf.node;
  leaf.is_collected = true;
  Real* g = leaf.room.data();
  if (node.numel == 1) {
    g[0] = node.has_adjoint ? *node.adjoint : Real{0};
    return g[0] - g[0];
  }
  const bool is_there = node.has_adjoint && node.adjoint == g && node.reach == nullptr;
  if (!is_there || node.numel > kSmall || !leaf.written.is_all()) {
    return bring_in(leaf) ? Real{0} : std::numeric_limits<Real>::quiet_NaN();
  }
  return zero_if_finite(0, node.numel, [g](Index i) { return g[i]; });
}

// Whether the elements that may have moved are better brought together than all of them visited
// (measured: below a tenth, of rows of ten that are strewn).
bool pays_to_list(const MaskBytes& reached) { return reached.kept() * 16 < reached.size(); }

// Adds to where a parameter may have moved. Where no list pays it needs not be known better.
void widen(Mask& reached, const Mask& written) {
  if (reached.is_all() || written.is_none()) return;
  const MaskBytes* had = reached.bytes().get();
  const MaskBytes* more = written.bytes().get();
  if (more == nullptr || !pays_to_list(*more)) {
    reached = true;
  } else if (had == nullptr) {
    reached = written;
  } else if (had != more &&
             !std::ranges::all_of(more->positions(), [&](Index i) { return (*had)[i]; })) {
    reached = reached | written;
    if (!reached.bytes() || !pays_to_list(*reached.bytes())) reached = true;
  }
}

}  // namespace

void Optimizer::collect(std::span<detail::ParamLeaves::Leaf* const> leaves) {
  pending_.clear();
  pending_.reserve(leaves.size());
  not_finite_ = nullptr;
  Real zero = 0;
  for (detail::ParamLeaves::Leaf* leaf : leaves) {
    zero += collect_leaf(*leaf);
    pending_.push_back({leaf, common_.lr});
  }
  if (zero == 0) return;
  for (const Pending& pending : pending_) {
    const std::span<const Real> g = pending.leaf->room;
    if (all_finite(std::ssize(g), [at = g.data()](Index i) { return at[i]; })) continue;
    not_finite_ = pending.leaf->entry.get();
    return;
  }
}

void Optimizer::set_rates() {
  if (!common_.schedule && !common_.rate_of) return;
  const auto check = [](double factor, auto&& who) {
    if (factor >= 0 && std::isfinite(factor)) return factor;
    fail(who(), "the learning rate's factor is " + detail::text_of_number(factor),
         "it must be finite and not negative");
  };
  double at_step = 1;
  if (common_.schedule) {
    at_step = check(common_.schedule(states_.steps), [&] {
      return common_.who + ("'s schedule at step " + std::to_string(states_.steps));
    });
  }
  for (Pending& pending : pending_) {
    pending.lr *= at_step;
    if (!common_.rate_of) continue;
    const std::string& param = pending.leaf->entry->name.str();
    pending.lr *= check(common_.rate_of(param), [&] { return "param '" + param + "'"; });
  }
}

void Optimizer::clip() {
  if (common_.clip.value == special::kInfinity && common_.clip.norm == special::kInfinity) return;
  detail::PooledVector<std::span<Real>> gradients;
  for (const Pending& pending : pending_) gradients.emplace_back(pending.leaf->room);
  for (const std::span<Real> gradient : gradients) clip_values(gradient, common_.clip.value);
  if (!common_.clip.per_param) return clip_norm(gradients, common_.clip.norm);
  for (const std::span<Real>& gradient : gradients) clip_norm({&gradient, 1}, common_.clip.norm);
}

// Parameters come in nearly the same order at each step: they are looked for from behind the last
// one on.
inline OptimizerState& Optimizer::state_of(const ParamStore::Entry& entry) {
  std::vector<OptimizerState>& states = states_.params;
  if (next_state_ < states.size() && states[next_state_].entry == entry) [[likely]]
    return states[next_state_++];
  return find_state(entry);
}

[[gnu::noinline]] OptimizerState& Optimizer::find_state(const ParamStore::Entry& entry) {
  std::vector<OptimizerState>& states = states_.params;
  for (std::size_t tries = 0; tries < states.size(); ++tries) {
    if (next_state_ >= states.size()) next_state_ = 0;
    OptimizerState& state = states[next_state_++];
    if (!(state.name == entry->name)) continue;
    if (state.entry != entry) state = {entry->name, entry};
    return state;
  }
  states.push_back({entry->name, entry});
  return states.back();
}

// What is seldom needed stands apart, or its registers would be saved for each parameter.
[[gnu::noinline]] void Optimizer::settle(OptimizerState& state,
                                         const detail::ParamLeaves::Leaf& leaf) {
  const std::size_t n = leaf.room.size();
  if (n == 1 || common_.moves_at_rest) {
    state.reached = true;
  } else {
    if (common_.moments == 0) state.reached = false;
    widen(state.reached, leaf.written);
  }
  for (std::size_t k = 0; k < common_.moments && !state.reached.is_none(); ++k) {
    if (state.moments[k].empty()) state.moments[k].resize(n);
  }
  state.is_settled = common_.moments > 0 && state.reached.is_all();
}

// Small parameters that are equally old and learn equally fast go to the rule together: what it
// works out of its options, once for all of them.
class Optimizer::Batch {
 public:
  explicit Batch(const Optimizer& optimizer) : optimizer_(optimizer) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Elements& add(Index steps, double lr) {
    if (next_ == parts_.end() || steps != steps_ || lr != lr_) [[unlikely]] {
      flush();
      steps_ = steps;
      lr_ = lr;
    }
    return *next_++;
  }
  void flush() {
    if (next_ != parts_.begin()) optimizer_.update({parts_.begin(), next_}, steps_, lr_);
    next_ = parts_.begin();
  }

 private:
  const Optimizer& optimizer_;
  std::array<Elements, 16> parts_;
  std::array<Elements, 16>::iterator next_ = parts_.begin();
  Index steps_ = 0;
  double lr_ = 0;
};

inline void Optimizer::take(Elements& all, OptimizerState& state, detail::ParamLeaves::Leaf& leaf) {
  all.n = std::ssize(leaf.room);
  all.u = detail::own_values(leaf.entry->unconstrained);
  all.g = leaf.room.data();
  for (std::size_t k = 0; k < all.moments.size(); ++k) all.moments[k] = state.moments[k].data();
}

inline void Optimizer::advance(const Pending& pending, Batch& batch) {
  detail::ParamLeaves::Leaf& leaf = *pending.leaf;
  OptimizerState& state = state_of(leaf.entry);
  if (!state.is_settled) [[unlikely]]
    settle(state, leaf);
  ++state.steps;
  if (state.is_settled && std::ssize(leaf.room) <= kSmall) [[likely]] {
    take(batch.add(state.steps, pending.lr), state, leaf);
  } else {
    advance_alone(pending, state);
  }
}

[[gnu::noinline]] void Optimizer::advance_alone(const Pending& pending, OptimizerState& state) {
  if (state.reached.is_none()) return;
  Elements all;
  take(all, state, *pending.leaf);
  if (state.reached.is_all()) return update_large(all, state.steps, pending.lr);
  update_listed(all, state.reached.bytes()->positions(), state.steps, pending.lr);
}

// n numbers of a parameter from `begin` on.
Optimizer::Elements Optimizer::part_of(const Elements& all, Index begin, Index n) const {
  Elements part{n, all.u + begin, all.g + begin, all.moments};
  for (std::size_t k = 0; k < common_.moments; ++k) part.moments[k] += begin;
  return part;
}

void Optimizer::update_large(const Elements& all, Index steps, double lr) const {
  update({}, steps, lr);
  detail::in_pieces(all.n, kNanoseconds, [&](Index begin, Index end) {
    const Elements part = part_of(all, begin, end - begin);
    update({&part, 1}, steps, lr);
  });
}

// Elements that are strewn are brought together, moved, and taken back.
void Optimizer::update_listed(const Elements& all, const detail::Positions& list, Index steps,
                              double lr) const {
  const auto update_block = [&](const Index* at, Index n) {
    if (at[n - 1] - at[0] == n - 1) {
      const Elements here = part_of(all, at[0], n);
      return update({&here, 1}, steps, lr);
    }
    std::array<std::array<Real, detail::kBlock>, 5> room;
    const auto brought = [&](const Real* from, Real* to) {
      detail::gather(from, at, n, to);
      return to;
    };
    Elements here{n, brought(all.u, room[0].data()), brought(all.g, room[1].data()), {}};
    for (std::size_t k = 0; k < common_.moments; ++k) {
      here.moments[k] = brought(all.moments[k], room[2 + k].data());
    }
    update({&here, 1}, steps, lr);
    detail::scatter(here.u, at, n, all.u);
    for (std::size_t k = 0; k < common_.moments; ++k) {
      detail::scatter(here.moments[k], at, n, all.moments[k]);
    }
  };
  update({}, steps, lr);
  detail::in_pieces(std::ssize(list), 2 * kNanoseconds, [&](Index begin, Index end) {
    for (; begin < end; begin += detail::kBlock) {
      update_block(list.data() + begin, std::min(detail::kBlock, end - begin));
    }
  });
}

void Optimizer::apply() {
  set_rates();
  clip();
  Batch batch(*this);
  for (const Pending& pending : pending_) advance(pending, batch);
  batch.flush();
  ++states_.steps;
  pending_.clear();
}

}  // namespace ember::inference
