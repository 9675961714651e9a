// Adam (Kingma and Ba 2015) as one loop over all parameters.
#pragma once

#include <cmath>
#include <vector>

namespace bench {

class AdamByHand {
 public:
  explicit AdamByHand(std::size_t n) : m_(n), v_(n) {}

  static constexpr double kRate = 0.01;

  /// Descends along sign * gradient.
  void step(std::vector<double>& parameters, const std::vector<double>& gradient, double sign = 1) {
    ++t_;
    const double rate = kRate / (1 - std::pow(0.9, t_));
    const double root = 1 / std::sqrt(1 - std::pow(0.999, t_));
    double* u = parameters.data();
    double* m = m_.data();
    double* v = v_.data();
    const double* g = gradient.data();
    const std::size_t n = parameters.size();
#pragma omp simd
    for (std::size_t i = 0; i < n; ++i) {
      m[i] = 0.9 * m[i] + 0.1 * sign * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      u[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8);
    }
  }

 private:
  std::vector<double> m_, v_;
  int t_ = 0;
};

}  // namespace bench
