#include <ember/inference/adam.hpp>

#include <cmath>

#include <ember/core/special.hpp>

namespace ember::inference {

AdamRule::AdamRule(const char* who, const AdamOptions& options, bool moves_at_rest)
    : Optimizer(
          {who, options.lr, options.schedule, options.rate_of, options.clip, 2, moves_at_rest}),
      beta1_(options.beta1),
      beta2_(options.beta2),
      log_beta1_(std::log(options.beta1)),
      log_beta2_(std::log(options.beta2)),
      eps_(options.eps) {
  check_option("beta1", beta1_, 0, 1);
  check_option("beta2", beta2_, 0, 1);
  check_eps(eps_);
}

namespace {

// 1 - beta^steps, of log(beta): in the end there is nothing to take off, and no exponential to ask.
double share_of_moments(Index steps, double log_beta) {
  const double exponent = static_cast<double>(steps) * log_beta;
  return exponent < -40 ? 1 : -special::expm1(exponent);
}

}  // namespace

// Most parameters are equally old and learn equally fast: the last answer is kept.
const AdamRule::Pace& AdamRule::pace(Index steps, double lr) const {
  if (pace_.steps != steps || pace_.lr != lr) [[unlikely]] {
    const double c1 = share_of_moments(steps, log_beta1_);
    const double c2 = share_of_moments(steps, log_beta2_);
    pace_ = {steps, lr, lr / c1, std::sqrt(c2)};
  }
  return pace_;
}

namespace {

struct Move {
  Real beta1, beta2, eps, rate, root;
};

EMBER_INLINE void move_one(Move by, Real& u, Real g, Real& m, Real& v) {
  m = by.beta1 * m - (1 - by.beta1) * g;  // moments are those of the loss
  v = by.beta2 * v + (1 - by.beta2) * g * g;
  u -= by.rate * m / (std::sqrt(v) * by.root + by.eps);
}

// The numbers of a move come by value: those of a lambda's capture might be what is written to, and
// the loop would not vectorise.
void move(Move by, Index n, Real* u, const Real* g, Real* m, Real* v) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) move_one(by, u[i], g[i], m[i], v[i]);
}

}  // namespace

void AdamRule::descend(std::span<const Elements> parts, double step_size, double root) const {
  const Move by{static_cast<Real>(beta1_), static_cast<Real>(beta2_), static_cast<Real>(eps_),
                static_cast<Real>(step_size), static_cast<Real>(root)};
  for (const Elements& at : parts) {
    if (at.n == 1) {
      move_one(by, *at.u, *at.g, *at.moments[0], *at.moments[1]);
    } else {
      move(by, at.n, at.u, at.g, at.moments[0], at.moments[1]);
    }
  }
}

void AdamRule::step(std::span<const Elements> parts, Index steps, double lr) const {
  const Pace& now = pace(steps, lr);
  descend(parts, now.step_size, 1 / now.root);
}

AdamW::AdamW(const AdamWOptions& options)
    : AdamRule("AdamW",
               {options.lr, options.beta1, options.beta2, options.eps, options.schedule,
                options.rate_of, options.clip},
               options.weight_decay != 0),
      weight_decay_(options.weight_decay) {
  check_option("weight_decay", weight_decay_, 0, special::kInfinity);
}

void AdamW::update(std::span<const Elements> parts, Index steps, double lr) const {
  const auto kept = static_cast<Real>(1 - lr * weight_decay_);
  for (const Elements& at : parts) {
    Real* u = at.u;
#pragma omp simd
    for (Index i = 0; i < at.n; ++i) u[i] *= kept;
  }
  step(parts, steps, lr);
}

ClippedAdam::ClippedAdam(const ClippedAdamOptions& options)
    : AdamRule("ClippedAdam",
               {options.lr, options.beta1, options.beta2, options.eps, options.schedule,
                options.rate_of, Clip{.value = options.clip_norm}}),
      lrd_(options.lrd) {
  check_option("lrd", lrd_, 0, special::kInfinity);
}

void ClippedAdam::update(std::span<const Elements> parts, Index steps, double lr) const {
  const double rate = lr * std::pow(lrd_, static_cast<double>(steps));
  const Pace& now = pace(steps, rate);
  descend(parts, now.step_size * now.root, 1);
}

}  // namespace ember::inference
