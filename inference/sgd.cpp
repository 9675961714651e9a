#include <ember/inference/sgd.hpp>

namespace ember::inference {

SGD::SGD(const SGDOptions& options)
    : Optimizer({"SGD", options.lr, options.schedule, options.rate_of, options.clip}),
      options_(options) {
  check_option("momentum", options.momentum, 0, 1);
}

void SGD::update(OptimizerState& state, Index n, Real* u, const Real* g, double lr) const {
  const auto rate = static_cast<Real>(lr);
  const auto momentum = static_cast<Real>(options_.momentum);
  if (momentum == 0) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) u[i] += rate * g[i];
    return;
  }
  Real* b = open(state.first, n);
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    b[i] = momentum * b[i] - g[i];  // of the loss
    u[i] -= rate * b[i];
  }
}

}  // namespace ember::inference
