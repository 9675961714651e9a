// Divergences between families of real numbers that have formulas of their own.
#include <cmath>
#include <numbers>

#include <ember/core/operators.hpp>
#include <ember/core/special.hpp>
#include <ember/distributions/cauchy.hpp>
#include <ember/distributions/half_cauchy.hpp>
#include <ember/distributions/half_normal.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/laplace.hpp>
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

// log(((s + t)^2 + d^2) / (4 s t)): Chyzak and Nielsen, A closed-form formula for the
// Kullback-Leibler divergence between Cauchy distributions, 2019.
Tensor cauchys(const Tensor& distance, const Tensor& s, const Tensor& t) {
  return log((square(s + t) + square(distance)) / (4 * s * t));
}
Tensor cauchy_cauchy(const Family& p, const Family& q) {
  return cauchys(at(p, 0) - at(q, 0), at(p, 1), at(q, 1));
}
Tensor half_cauchy_half_cauchy(const Family& p, const Family& q) {
  return cauchys(0, at(p, 0), at(q, 0));
}

// log(t / s) + (d + s exp(-d / s)) / t - 1, d = |m - n|
Tensor laplace_laplace(const Family& p, const Family& q) {
  const Tensor &s = at(p, 1), &t = at(q, 1);
  const Tensor d = abs(at(p, 0) - at(q, 0));
  return log(t / s) + (d + s * exp(-d / s)) / t - 1;
}

// log(2 t) + E|x - n| / t - H(p), where E|x - n| is the mean of a folded normal number
Tensor normal_laplace(const Family& p, const Family& q) {
  const Tensor &s = at(p, 1), &t = at(q, 1);
  const Tensor d = at(p, 0) - at(q, 0);
  const Tensor z = d / s;
  const Tensor folded = s * (std::sqrt(2 / std::numbers::pi) * exp(-0.5 * square(z))) +
                        d * (normal_cdf(z) - normal_cdf(-z));
  return log(2 * t / s) + folded / t - (0.5 + special::kHalfLogTwoPi);
}

constexpr KlPair kRealPairs[] = {
    {&Normal::kInfo, &Normal::kInfo, &normal_normal},
    {&LogNormal::kInfo, &LogNormal::kInfo, &normal_normal},
    {&HalfNormal::kInfo, &HalfNormal::kInfo, &half_normal_half_normal},
    {&Cauchy::kInfo, &Cauchy::kInfo, &cauchy_cauchy},
    {&HalfCauchy::kInfo, &HalfCauchy::kInfo, &half_cauchy_half_cauchy},
    {&Laplace::kInfo, &Laplace::kInfo, &laplace_laplace},
    {&Normal::kInfo, &Laplace::kInfo, &normal_laplace},
};

}  // namespace

std::span<const KlPair> kl_of_real_families() { return kRealPairs; }

}  // namespace ember::distributions
