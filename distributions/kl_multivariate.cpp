// Divergences between families of vectors.
#include <ember/core/operators.hpp>
#include <ember/distributions/gaussian_factor.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/multivariate_normal.hpp>
#include <ember/distributions/normal.hpp>

namespace ember::distributions {
namespace {

using kl::at;

// (tr(S_q^-1 S_p) + (m_p - m_q)^T S_q^-1 (m_p - m_q) - n + log det S_q - log det S_p) / 2, where
// S_p = A A^T
Tensor gaussians(const Tensor& distance, const Tensor& a, const Tensor& half_log_det_p,
                 const GaussianFactor& q) {
  const Tensor trace = sum(square(q.whiten(a)), {-2, -1});
  const Tensor z = q.whiten(distance.reshape(concatenate(distance.shape(), Shape{1})));
  const Real n = static_cast<Real>(q.size());
  return 0.5 * (trace + sum(square(z), {-2, -1}) - n) + q.half_log_det() - half_log_det_p;
}

Tensor mvn_mvn(const Family& p, const Family& q) {
  const GaussianFactor a(p), b(q);
  return gaussians(at(p, 0) - at(q, 0), a.color(eye(a.size())), a.half_log_det(), b);
}

// Independent numbers on the left: S_p is diagonal.
Tensor normals_mvn(const Family& p, const Family& q) {
  const GaussianFactor b(q);
  const Tensor scale = at(p, 1) + zeros({b.size()});
  return gaussians(at(p, 0) - at(q, 0), diag_embed(scale), sum(log(scale), -1), b);
}

constexpr KlPair kVectorPairs[] = {
    {&MultivariateNormal::kInfo, &MultivariateNormal::kInfo, &mvn_mvn},
    {&Normal::kInfo, &MultivariateNormal::kInfo, &normals_mvn, 1},
};

}  // namespace

std::span<const KlPair> kl_of_vector_families() { return kVectorPairs; }

}  // namespace ember::distributions
