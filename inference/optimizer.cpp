#include <ember/inference/optimizer.hpp>

#include <cmath>

#include <ember/core/reach.hpp>

namespace ember::inference {

Optimizer::Optimizer(Common common) : common_(std::move(common)) {
  check_option("lr", common_.lr, 0, special::kInfinity);
  check(common_.clip);
}

void Optimizer::check_option(const char* option, double value, double low, double high) const {
  if (value >= low && value < high) return;
  fail(common_.who, std::string(option) + " is " + std::to_string(value),
       "it must be in [" + std::to_string(low) + ", " + std::to_string(high) + ")");
}

Real* Optimizer::open(std::vector<Real>& moment, Index n) {
  if (moment.empty()) moment.resize(static_cast<std::size_t>(n));
  return moment.data();
}

void Optimizer::collect(std::span<const detail::ParamLeaves::Leaf> leaves) {
  pending_.clear();
  gradient_.clear();
  for (const detail::ParamLeaves::Leaf& leaf : leaves) {
    const detail::Node& node = leaf.unconstrained.node();
    const Index n = node.numel;
    const std::size_t begin = gradient_.size();
    gradient_.resize(begin + static_cast<std::size_t>(n));  // with zeros
    pending_.push_back({leaf.entry, begin, gradient_.size(), common_.lr});
    if (!node.has_adjoint) continue;
    Real* g = gradient_.data() + begin;
    detail::for_reached_loosely(n, node.reach, [&](Index i) { g[i] = -node.adjoint[i]; });
    if (node.reach == nullptr || node.reach->is_sparse()) continue;
    const std::uint8_t* reached = node.reach->data();
#pragma omp simd
    for (Index i = 0; i < n; ++i) g[i] = detail::kept_or_zero(reached[i], g[i]);
  }
}

std::span<Real> Optimizer::gradient_of(const Pending& pending) {
  return std::span(gradient_).subspan(pending.begin, pending.end - pending.begin);
}

const detail::ParamEntry* Optimizer::find_not_finite() const {
  for (const Pending& pending : pending_) {
    for (std::size_t i = pending.begin; i < pending.end; ++i) {
      if (!std::isfinite(gradient_[i])) return pending.entry.get();
    }
  }
  return nullptr;
}

void Optimizer::set_rates() {
  if (!common_.schedule && !common_.rate_of) return;
  const auto check = [](double factor, auto&& who) {
    if (factor >= 0 && std::isfinite(factor)) return factor;
    fail(who(), "the learning rate's factor is " + std::to_string(factor),
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
  clip_values(gradient_, common_.clip.value);
  if (!common_.clip.per_param) return clip_norm(gradient_, common_.clip.norm);
  for (const Pending& pending : pending_) clip_norm(gradient_of(pending), common_.clip.norm);
}

void Optimizer::apply() {
  set_rates();
  clip();
  for (const Pending& pending : pending_) {
    const std::span<const Real> gradient = gradient_of(pending);
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
