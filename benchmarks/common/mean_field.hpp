// The hand-written half of a step of SVI under AutoNormal: draws of K unconstrained coordinates,
// log q, and the chain rule from the coordinates to locations and log scales. The model's half,
// cost(), is each program's own.
#pragma once

#include <span>
#include <vector>

#include <ember/core/special.hpp>

#include "common/adam_by_hand.hpp"
#include "common/normals.hpp"

namespace bench {

/// Model has `double cost()`: gives the negative log joint of x (with the Jacobians of its
/// constraints) and writes its derivatives to dx.
template <class Model>
class MeanField {
 public:
  explicit MeanField(std::size_t coordinates)
      : u(2 * coordinates),
        g(2 * coordinates),
        eps(coordinates),
        x(coordinates),
        dx(coordinates),
        k_(coordinates),
        scale_(coordinates),
        adam_(2 * coordinates) {}

  std::vector<double> u, g;        // the locations, then the log scales; their derivatives
  std::vector<double> eps, x, dx;  // a draw is loc + scale eps

  double step() {
    normals_.fill(eps);
    const double loss = loss_and_gradient();
    descend();
    return loss;
  }

  double loss_and_gradient() {
    const double log_q = draw();
    const double loss = static_cast<Model*>(this)->cost() + log_q;
    chain();
    return loss;
  }
  void descend() { adam_.step(u, g); }

 private:
  double draw() {
    double log_q = -static_cast<double>(k_) * ember::special::kHalfLogTwoPi;
    const double* loc = u.data();
    const double* log_scale = loc + k_;
#pragma omp simd reduction(+ : log_q)
    for (std::size_t i = 0; i < k_; ++i) {
      scale_[i] = ember::special::exp(log_scale[i]);
      x[i] = loc[i] + scale_[i] * eps[i];
      log_q -= 0.5 * eps[i] * eps[i] + log_scale[i];
    }
    return log_q;
  }

  void chain() {
    double* by_loc = g.data();
    double* by_log_scale = by_loc + k_;
#pragma omp simd
    for (std::size_t i = 0; i < k_; ++i) {
      by_loc[i] = dx[i];
      by_log_scale[i] = dx[i] * eps[i] * scale_[i] - 1;
    }
  }

  std::size_t k_;
  std::vector<double> scale_;
  AdamByHand adam_;
  Normals normals_;
};

}  // namespace bench
