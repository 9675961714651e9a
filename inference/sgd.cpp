#include <ember/inference/sgd.hpp>

namespace ember::inference {

SGD::SGD(const SGDOptions& options)
    : Optimizer({"SGD", options.lr, options.schedule, options.rate_of, options.clip,
                 options.momentum == 0 ? 0U : 1U}),
      options_(options) {
  check_option("momentum", options.momentum, 0, 1);
}

void SGD::update(const Elements& at, Index, double lr) const {
  const Index n = at.n;
  Real* u = at.u;
  const Real* g = at.g;
  const auto rate = static_cast<Real>(lr);
  const auto momentum = static_cast<Real>(options_.momentum);
  if (momentum == 0) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) u[i] += rate * g[i];
    return;
  }
  Real* b = at.moments[0];
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    b[i] = momentum * b[i] - g[i];  // of the loss
    u[i] -= rate * b[i];
  }
}

}  // namespace ember::inference
