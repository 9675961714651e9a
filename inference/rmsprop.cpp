#include <ember/inference/rmsprop.hpp>

#include <cmath>

#include <ember/core/special.hpp>

namespace ember::inference {

RMSprop::RMSprop(const RMSpropOptions& options)
    : Optimizer({"RMSprop", options.lr, options.schedule, options.rate_of, options.clip,
                 options.centered ? 3U : 2U}),
      options_(options) {
  check_option("alpha", options.alpha, 0, 1);
  check_eps(options.eps);
  check_option("momentum", options.momentum, 0, 1);
}

void RMSprop::update(std::span<const Elements> parts, Index, double lr) const {
  const auto alpha = static_cast<Real>(options_.alpha);
  const auto eps = static_cast<Real>(options_.eps);
  const auto momentum = static_cast<Real>(options_.momentum);
  const auto rate = static_cast<Real>(lr);
  const auto descend = [=](const Elements& at, auto is_centered) {
    Real* u = at.u;
    const Real* g = at.g;
    Real *b = at.moments[0], *v = at.moments[1], *m = at.moments[2];
#pragma omp simd
    for (Index i = 0; i < at.n; ++i) {
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
  for (const Elements& at : parts) {
    options_.centered ? descend(at, std::true_type()) : descend(at, std::false_type());
  }
}

}  // namespace ember::inference
