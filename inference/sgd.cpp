#include <ember/inference/sgd.hpp>

namespace ember::inference {

SGD::SGD(const SGDOptions& options)
    : Optimizer({"SGD", options.lr, options.schedule, options.rate_of, options.clip,
                 options.momentum == 0 ? 0U : 1U}),
      options_(options) {
  check_option("momentum", options.momentum, 0, 1);
}

void SGD::update(std::span<const Elements> parts, Index, double lr) const {
  const auto rate = static_cast<Real>(lr);
  const auto momentum = static_cast<Real>(options_.momentum);
  for (const Elements& at : parts) {
    Real* u = at.u;
    const Real* g = at.g;
    if (momentum == 0) {
#pragma omp simd
      for (Index i = 0; i < at.n; ++i) u[i] += rate * g[i];
      continue;
    }
    Real* b = at.moments[0];
#pragma omp simd
    for (Index i = 0; i < at.n; ++i) {
      b[i] = momentum * b[i] - g[i];  // of the loss
      u[i] -= rate * b[i];
    }
  }
}

}  // namespace ember::inference
