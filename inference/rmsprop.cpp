#include <ember/inference/rmsprop.hpp>

#include <cmath>

namespace ember::inference {

RMSprop::RMSprop(const RMSpropOptions& options)
    : Optimizer({"RMSprop", options.lr, options.schedule, options.rate_of, options.clip}),
      options_(options) {
  check_option("alpha", options.alpha, 0, 1);
  check_option("eps", options.eps, 0, special::kInfinity);
  check_option("momentum", options.momentum, 0, 1);
}

void RMSprop::update(OptimizerState& state, Index n, Real* u, const Real* g, double lr) const {
  Real* b = open(state.first, n);
  Real* v = open(state.second, n);
  const auto alpha = static_cast<Real>(options_.alpha);
  const auto eps = static_cast<Real>(options_.eps);
  const auto momentum = static_cast<Real>(options_.momentum);
  const auto rate = static_cast<Real>(lr);
  Real* m = options_.centered ? open(state.third, n) : nullptr;
  const auto descend = [=](auto is_centered) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      v[i] = alpha * v[i] + (1 - alpha) * g[i] * g[i];
      Real square = v[i];
      if constexpr (is_centered) {
        m[i] = alpha * m[i] - (1 - alpha) * g[i];  // of the loss
        square -= m[i] * m[i];
        square = square > 0 ? square : Real{0};  // rounding may make it negative
      }
      b[i] = momentum * b[i] - g[i] / (std::sqrt(square) + eps);
      u[i] -= rate * b[i];
    }
  };
  m != nullptr ? descend(std::true_type()) : descend(std::false_type());
}

}  // namespace ember::inference
