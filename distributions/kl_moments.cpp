// Divergences to families whose log density is linear in a few functions of x: with H the entropy
// of p, KL(p || q) = -H - E_p[log q(x)], and the expectation needs a few moments of p only.
#include <limits>
#include <numbers>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/special.hpp>
#include <ember/distributions/beta.hpp>
#include <ember/distributions/dirichlet.hpp>
#include <ember/distributions/exponential.hpp>
#include <ember/distributions/gamma.hpp>
#include <ember/distributions/half_normal.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/laplace.hpp>
#include <ember/distributions/log_normal.hpp>
#include <ember/distributions/normal.hpp>
#include <ember/distributions/uniform.hpp>

namespace ember::distributions {
namespace {

using kl::at;

Tensor infinite_unless(const Mask& inside, const Tensor& x) {
  return where(inside, x, std::numeric_limits<Real>::infinity());
}

// E[log x] where x is uniform between two numbers: (h log h - l log l) / (h - l) - 1.
Tensor uniform_mean_log(const Tensor& low, const Tensor& high) {
  const auto x_log_x = [](const Tensor& x) { return where(x > 0, x * log(x), 0); };
  return (x_log_x(high) - x_log_x(low)) / (high - low) - 1;
}

Tensor mean_log(const Family& p) {
  if (&p.info() == &Gamma::kInfo) return digamma(at(p, 0)) - log(at(p, 1));
  if (&p.info() == &Exponential::kInfo) return -std::numbers::egamma - log(at(p, 0));
  if (&p.info() == &Beta::kInfo) return digamma(at(p, 0)) - digamma(at(p, 0) + at(p, 1));
  if (&p.info() == &LogNormal::kInfo) return at(p, 0);
  return uniform_mean_log(at(p, 0), at(p, 1));
}

// Whether p, if it is a Uniform, lies between two bounds.
Mask uniform_inside(const Family& p, const Tensor& low, const Tensor& high) {
  if (&p.info() != &Uniform::kInfo) return true;
  return (at(p, 0) >= low) & (at(p, 1) <= high);
}

Tensor to_normal(const Family& p, const Family& q) {
  const Tensor &loc = at(q, 0), &scale = at(q, 1);
  return 0.5 * (p.variance() + square(p.mean() - loc)) / square(scale) + log(scale) +
         special::kHalfLogTwoPi - p.entropy();
}

Tensor to_exponential(const Family& p, const Family& q) {
  const Tensor& rate = at(q, 0);
  return infinite_unless(uniform_inside(p, 0, kl::kInfinity),
                         rate * p.mean() - log(rate) - p.entropy());
}

Tensor to_gamma(const Family& p, const Family& q) {
  const Tensor &a = at(q, 0), &rate = at(q, 1);
  const Tensor kl =
      lgamma(a) - a * log(rate) - (a - 1) * mean_log(p) + rate * p.mean() - p.entropy();
  return infinite_unless(uniform_inside(p, 0, kl::kInfinity), kl);
}

Tensor uniform_beta(const Family& p, const Family& q) {
  const Tensor &low = at(p, 0), &high = at(p, 1), &a = at(q, 0), &b = at(q, 1);
  const Tensor kl = lgamma(a) + lgamma(b) - lgamma(a + b) - (a - 1) * uniform_mean_log(low, high) -
                    (b - 1) * uniform_mean_log(1 - high, 1 - low) - p.entropy();
  return infinite_unless(uniform_inside(p, 0, 1), kl);
}

Tensor to_uniform(const Family& p, const Family& q) {
  const Tensor &low = at(q, 0), &high = at(q, 1);
  const Mask inside =
      &p.info() == &Beta::kInfo ? (low <= 0) & (high >= 1) : uniform_inside(p, low, high);
  return infinite_unless(inside, log(high - low) - p.entropy());
}

// log(p / q) + q / p - 1
Tensor exponential_exponential(const Family& p, const Family& q) {
  const Tensor ratio = at(q, 0) / at(p, 0);
  return ratio - 1 - log(ratio);
}

Tensor gamma_gamma(const Family& p, const Family& q) {
  const Tensor &a = at(p, 0), &b = at(q, 0);
  const Tensor ratio = at(q, 1) / at(p, 1);
  return (a - b) * digamma(a) - lgamma(a) + lgamma(b) - b * log(ratio) + a * (ratio - 1);
}

// log B(b) - log B(a) + sum_k (a_k - b_k) (digamma(a_k) - digamma(sum a)), B(a) the normaliser
Tensor dirichlets(const Tensor& a, const Tensor& b) {
  const Tensor n = sum(a, -1, true), m = sum(b, -1, true);
  const Tensor terms = lgamma(b) - lgamma(a) + (a - b) * (digamma(a) - digamma(n));
  return sum(terms, -1) + sum(lgamma(n) - lgamma(m), -1);
}

Tensor dirichlet_dirichlet(const Family& p, const Family& q) {
  return dirichlets(at(p, 0), at(q, 0));
}

// A Beta is a Dirichlet of two.
Tensor beta_beta(const Family& p, const Family& q) {
  const auto both = [](const Family& f) {
    return stack({expand(at(f, 0), f.batch_shape()), expand(at(f, 1), f.batch_shape())}, -1);
  };
  return dirichlets(both(p), both(q));
}

constexpr KlPair kMomentPairs[] = {
    {&Exponential::kInfo, &Exponential::kInfo, &exponential_exponential},
    {&Gamma::kInfo, &Gamma::kInfo, &gamma_gamma},
    {&Beta::kInfo, &Beta::kInfo, &beta_beta},
    {&Dirichlet::kInfo, &Dirichlet::kInfo, &dirichlet_dirichlet},
    {&Beta::kInfo, &Normal::kInfo, &to_normal},
    {&Exponential::kInfo, &Normal::kInfo, &to_normal},
    {&Gamma::kInfo, &Normal::kInfo, &to_normal},
    {&HalfNormal::kInfo, &Normal::kInfo, &to_normal},
    {&Laplace::kInfo, &Normal::kInfo, &to_normal},
    {&LogNormal::kInfo, &Normal::kInfo, &to_normal},
    {&Uniform::kInfo, &Normal::kInfo, &to_normal},
    {&Beta::kInfo, &Exponential::kInfo, &to_exponential},
    {&Gamma::kInfo, &Exponential::kInfo, &to_exponential},
    {&HalfNormal::kInfo, &Exponential::kInfo, &to_exponential},
    {&LogNormal::kInfo, &Exponential::kInfo, &to_exponential},
    {&Uniform::kInfo, &Exponential::kInfo, &to_exponential},
    {&Beta::kInfo, &Gamma::kInfo, &to_gamma},
    {&Exponential::kInfo, &Gamma::kInfo, &to_gamma},
    {&LogNormal::kInfo, &Gamma::kInfo, &to_gamma},
    {&Uniform::kInfo, &Gamma::kInfo, &to_gamma},
    {&Uniform::kInfo, &Beta::kInfo, &uniform_beta},
    {&Beta::kInfo, &Uniform::kInfo, &to_uniform},
    {&Uniform::kInfo, &Uniform::kInfo, &to_uniform},
};

}  // namespace

std::span<const KlPair> kl_by_moments() { return kMomentPairs; }

}  // namespace ember::distributions
