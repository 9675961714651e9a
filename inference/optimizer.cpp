#include <ember/inference/optimizer.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember::inference {
namespace {

// Sizes the moments at the first step.
void open(std::vector<Real>& moment, Index n) {
  if (moment.empty()) moment.resize(static_cast<std::size_t>(n));
}

struct AdamRates {
  double beta1, beta2, eps, clip;
};

// denominator: sqrt(v) * root + eps.
void adam(OptimizerState& state, Index n, Real* u, const Real* g, const AdamRates& rates,
          double step_size, double root) {
  open(state.first, n);
  open(state.second, n);
  Real* m = state.first.data();
  Real* v = state.second.data();
  const auto b1 = static_cast<Real>(rates.beta1);
  const auto b2 = static_cast<Real>(rates.beta2);
  const auto eps = static_cast<Real>(rates.eps);
  const auto clip = static_cast<Real>(rates.clip);
  const auto rate = static_cast<Real>(step_size);
  const auto r = static_cast<Real>(root);
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    Real gradient = g[i] > clip ? clip : g[i];
    gradient = gradient < -clip ? -clip : gradient;
    m[i] = b1 * m[i] + (1 - b1) * gradient;
    v[i] = b2 * v[i] + (1 - b2) * gradient * gradient;
    u[i] -= rate * m[i] / (std::sqrt(v[i]) * r + eps);
  }
}

}  // namespace

void Optimizer::collect(std::span<const detail::ParamLeaves::Leaf> leaves) {
  pending_.clear();
  gradient_.clear();
  for (const detail::ParamLeaves::Leaf& leaf : leaves) {
    const detail::Node& node = leaf.unconstrained.node();
    const Index n = node.numel;
    pending_.push_back({leaf.entry, gradient_.size()});
    gradient_.resize(gradient_.size() + static_cast<std::size_t>(n));  // with zeros
    if (!node.has_adjoint) continue;
    Real* g = gradient_.data() + pending_.back().begin;
    detail::for_reached_loosely(n, node.reach, [&](Index i) { g[i] = -node.adjoint[i]; });
    if (node.reach == nullptr || node.reach->is_sparse()) continue;
    const std::uint8_t* reached = node.reach->data();
#pragma omp simd
    for (Index i = 0; i < n; ++i) g[i] = reached[i] != 0 ? g[i] : Real{0};
  }
}

const detail::ParamEntry* Optimizer::find_not_finite() const {
  for (std::size_t k = 0; k < pending_.size(); ++k) {
    const std::size_t end = k + 1 < pending_.size() ? pending_[k + 1].begin : gradient_.size();
    for (std::size_t i = pending_[k].begin; i < end; ++i) {
      if (!std::isfinite(gradient_[i])) return pending_[k].entry.get();
    }
  }
  return nullptr;
}

void Optimizer::apply() {
  for (const Pending& pending : pending_) {
    const auto n = static_cast<std::size_t>(pending.entry->unconstrained.numel());
    OptimizerState& state = states_[pending.entry->name.id()];
    if (!state.first.empty() && state.first.size() != n) state = {};  // another shape: anew
    ++state.steps;
    update(state, static_cast<Index>(n), detail::own_values(pending.entry->unconstrained),
           gradient_.data() + pending.begin);
  }
  pending_.clear();
}

void SGD::update(OptimizerState& state, Index n, Real* u, const Real* g) const {
  const auto rate = static_cast<Real>(options_.lr);
  const auto momentum = static_cast<Real>(options_.momentum);
  if (momentum == 0) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) u[i] -= rate * g[i];
    return;
  }
  open(state.first, n);
  Real* b = state.first.data();
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    b[i] = momentum * b[i] + g[i];
    u[i] -= rate * b[i];
  }
}

// 1 - beta^t for both moments. Most parameters are equally old: the last answer is kept.
Optimizer::Corrections Optimizer::corrections(double beta1, double beta2, Index steps) const {
  if (corrections_.steps != steps) {
    const auto t = static_cast<double>(steps);
    corrections_ = {steps, {1 - std::pow(beta1, t), 1 - std::pow(beta2, t)}};
  }
  return corrections_.values;
}

void Adam::update(OptimizerState& state, Index n, Real* u, const Real* g) const {
  const auto [c1, c2] = corrections(options_.beta1, options_.beta2, state.steps);
  adam(state, n, u, g, {options_.beta1, options_.beta2, options_.eps, special::kInfinity},
       options_.lr / c1, 1 / std::sqrt(c2));
}

void ClippedAdam::update(OptimizerState& state, Index n, Real* u, const Real* g) const {
  const double rate = options_.lr * std::pow(options_.lrd, static_cast<double>(state.steps));
  const auto [c1, c2] = corrections(options_.beta1, options_.beta2, state.steps);
  adam(state, n, u, g, {options_.beta1, options_.beta2, options_.eps, options_.clip_norm},
       rate * std::sqrt(c2) / c1, 1);
}

}  // namespace ember::inference
