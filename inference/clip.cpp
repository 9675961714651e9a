#include <ember/inference/clip.hpp>

#include <cmath>
#include <string>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/special.hpp>

namespace ember::inference {

void check(const Clip& clip) {
  if (clip.norm > 0 && clip.value > 0) return;
  fail("clip",
       "norm is " + detail::text_of_number(clip.norm) + ", value is " +
           detail::text_of_number(clip.value),
       "both must be positive; leave out what is not to act");
}

void clip_values(std::span<Real> gradient, double bound) {
  if (bound == special::kInfinity) return;
  const auto b = static_cast<Real>(bound);
#pragma omp simd
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const Real g = gradient[i] > b ? b : gradient[i];
    gradient[i] = g < -b ? -b : g;
  }
}

void clip_norm(std::span<const std::span<Real>> gradients, double bound) {
  if (bound == special::kInfinity) return;
  double squares = 0;
  for (const std::span<const Real> gradient : gradients) {
    for (const Real g : gradient) squares += static_cast<double>(g) * static_cast<double>(g);
  }
  const double norm = std::sqrt(squares);
  if (norm <= bound) return;
  const auto factor = static_cast<Real>(bound / norm);
  for (const std::span<Real> gradient : gradients) {
    for (Real& g : gradient) g *= factor;
  }
}

}  // namespace ember::inference
