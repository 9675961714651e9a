#include <ember/inference/optimizer.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>

#include <ember/core/number_text.hpp>
#include <ember/core/pieces.hpp>
#include <ember/core/reach.hpp>

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

Real* Optimizer::open(Moment& moment, Index n) {
  if (moment.empty()) moment.resize(static_cast<std::size_t>(n));
  return moment.data();
}

namespace {

using detail::MaskBytes;
using detail::Node;

// Writes 0 outside of the reach, where an adjoint is not defined; outside of `written` there are
// zeros already.
void clear_unreached(std::span<Real> g, const MaskBytes& reach, const Mask& written) {
  if (!reach.is_sparse()) {
    const std::uint8_t* reached = reach.data();
    detail::in_pieces(std::ssize(g), 1, [g = g.data(), reached](Index begin, Index end) {
#pragma omp simd
      for (Index i = begin; i < end; ++i) g[i] = detail::kept_or_zero(reached[i], g[i]);
    });
  } else if (const MaskBytes* before = written.bytes().get()) {
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

// Brings the adjoint of a leaf into its room, with zeros where it does not reach.
void collect_one(detail::ParamLeaves::Leaf& leaf) {
  const Node& node = leaf.unconstrained.node();
  const std::span<Real> room = leaf.room;
  leaf.is_collected = true;
  if (node.numel == 1) {
    room[0] = node.has_adjoint ? *node.adjoint : Real{0};
    return;
  }
  if (!node.has_adjoint) {
    std::fill(room.begin(), room.end(), Real{0});
    leaf.written = false;
    return;
  }
  if (node.adjoint != room.data()) {
    if (node.aux == nullptr) leaf.written = true;  // somebody wrote what is not read
    const Real* from = node.adjoint;
    detail::for_reached_loosely(node.numel, node.reach, [&](Index i) { room.data()[i] = from[i]; });
  }
  if (node.reach == nullptr) {
    leaf.written = true;
    return;
  }
  clear_unreached(room, *node.reach, leaf.written);
  leaf.written = detail::reach_of(node);
}

// `written`: outside of it there are zeros.
bool all_finite(std::span<const Real> x, const Mask& written) {
  if (written.is_none()) return true;
  if (const MaskBytes* mask = written.bytes().get(); mask != nullptr && mask->is_sparse()) {
    return std::ranges::all_of(mask->positions(),
                               [x = x.data()](Index i) { return std::isfinite(x[i]); });
  }
  std::atomic<bool> result = true;
  detail::in_pieces(std::ssize(x), 1, [&](Index begin, Index end) {
    const Real* from = x.data();  // of the lambda itself it would be loaded element by element
    Real zero = 0;  // or NaN: what is infinite is not. No early exit: the loop vectorises.
#pragma omp simd reduction(+ : zero)
    for (Index i = begin; i < end; ++i) zero += from[i] - from[i];
    if (!(zero == 0)) result.store(false, std::memory_order_relaxed);
  });
  return result;
}

}  // namespace

void Optimizer::collect(std::span<detail::ParamLeaves::Leaf* const> leaves) {
  pending_.clear();
  gradients_.clear();
  for (detail::ParamLeaves::Leaf* leaf : leaves) {
    collect_one(*leaf);
    pending_.push_back({leaf->entry.get(), &leaf->written, common_.lr});
    gradients_.emplace_back(leaf->room);
  }
}

const detail::ParamEntry* Optimizer::find_not_finite() const {
  for (std::size_t k = 0; k < gradients_.size(); ++k) {
    if (!all_finite(gradients_[k], *pending_[k].written)) return pending_[k].entry;
  }
  return nullptr;
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
    const std::string& param = pending.entry->name.str();
    pending.lr *= check(common_.rate_of(param), [&] { return "param '" + param + "'"; });
  }
}

void Optimizer::clip() {
  for (const std::span<Real> gradient : gradients_) clip_values(gradient, common_.clip.value);
  if (!common_.clip.per_param) return clip_norm(gradients_, common_.clip.norm);
  for (const std::span<Real>& gradient : gradients_) clip_norm({&gradient, 1}, common_.clip.norm);
}

void Optimizer::apply() {
  set_rates();
  clip();
  for (std::size_t k = 0; k < pending_.size(); ++k) {
    const Pending& pending = pending_[k];
    const std::span<const Real> gradient = gradients_[k];
    OptimizerState& state = states_.params[pending.entry->name.id()];
    if (!state.first.empty() && state.first.size() != gradient.size()) state = {};  // another shape
    ++state.steps;
    update(state, std::ssize(gradient), detail::own_values(pending.entry->unconstrained),
           gradient.data(), pending.lr);
  }
  ++states_.steps;
  pending_.clear();
}

}  // namespace ember::inference
