// Divergences between families of real numbers.
#include <ember/core/operators.hpp>
#include <ember/distributions/half_cauchy.hpp>
#include <ember/distributions/half_normal.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/log_normal.hpp>
#include <ember/distributions/normal.hpp>

namespace ember::distributions {
namespace {

using kl::at;

// log(s_q / s_p) + (s_p^2 + d^2) / (2 s_q^2) - 1/2, d the distance of the means. Kept by maps that
// both sides share, such as exp.
Tensor normals(const Tensor& distance, const Tensor& scale_p, const Tensor& scale_q) {
  const Tensor ratio = scale_p / scale_q;
  return 0.5 * (square(ratio) + square(distance / scale_q) - 1) - log(ratio);
}
Tensor normal_normal(const Family& p, const Family& q) {
  return normals(at(p, 0) - at(q, 0), at(p, 1), at(q, 1));
}
Tensor half_normal_half_normal(const Family& p, const Family& q) {
  return normals(0, at(p, 0), at(q, 0));
}

// log((s_p + s_q)^2 / (4 s_p s_q)): Chyzak and Nielsen 2019, for equal locations.
Tensor half_cauchy_half_cauchy(const Family& p, const Family& q) {
  const Tensor &s = at(p, 0), &t = at(q, 0);
  return log(square(s + t) / (4 * s * t));
}

constexpr KlPair kPairs[] = {
    {&Normal::kInfo, &Normal::kInfo, &normal_normal},
    {&LogNormal::kInfo, &LogNormal::kInfo, &normal_normal},
    {&HalfNormal::kInfo, &HalfNormal::kInfo, &half_normal_half_normal},
    {&HalfCauchy::kInfo, &HalfCauchy::kInfo, &half_cauchy_half_cauchy},
};

}  // namespace

std::span<const KlPair> kl_of_real_families() { return kPairs; }

}  // namespace ember::distributions
