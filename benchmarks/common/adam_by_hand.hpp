// Adam (Kingma and Ba 2015) as one loop over parameters.
#pragma once

#include <cmath>
#include <vector>

namespace bench {

class AdamByHand {
 public:
  explicit AdamByHand(std::size_t n) : m_(n), v_(n) {}

  static constexpr double kLearningRate = 0.01;

  /// Begins a step, of which descend() does a part.
  void begin() {
    ++t_;
    rate_ = kLearningRate / (1 - std::pow(0.9, t_));
    root_ = 1 / std::sqrt(1 - std::pow(0.999, t_));
  }
  /// Moves the parameters from `begin` to `end` along -sign * gradient.
  void descend(std::vector<double>& parameters, const std::vector<double>& gradient,
               std::size_t begin, std::size_t end, double sign = 1) {
    double* u = parameters.data();
    double* m = m_.data();
    double* v = v_.data();
    const double* g = gradient.data();
    const double rate = rate_, root = root_;
#pragma omp simd
    for (std::size_t i = begin; i < end; ++i) {
      m[i] = 0.9 * m[i] + 0.1 * sign * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      u[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8);
    }
  }

 private:
  std::vector<double> m_, v_;
  int t_ = 0;
  double rate_ = 0, root_ = 0;
};

}  // namespace bench
