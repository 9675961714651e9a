// Divergences between discrete families: sums of p (log p - log q), where 0 log 0 is 0.
#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/bernoulli.hpp>
#include <ember/distributions/binomial.hpp>
#include <ember/distributions/categorical.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/poisson.hpp>

namespace ember::distributions {
namespace {

using kl::at;
using kl::given_by;

Tensor term(const Tensor& p, const Tensor& log_p, const Tensor& log_q) {
  return where(p > 0, p * (log_p - log_q), 0);
}

// P(1) and P(0) of a Bernoulli or of each of a Binomial's draws, with their logarithms.
struct Coin {
  explicit Coin(const Family& f) {
    const Tensor& x = f.parameters().back().value;
    if (given_by(f, "logits")) {
      one = sigmoid(x);
      zero = sigmoid(-x);
      log_one = -softplus(-x);
      log_zero = -softplus(x);
    } else {
      one = x;
      zero = 1 - x;
      log_one = log(x);
      log_zero = log1p(-x);
    }
  }
  Tensor one, zero, log_one, log_zero;
};

Tensor bernoulli_bernoulli(const Family& p, const Family& q) {
  const Coin a(p), b(q);
  return term(a.one, a.log_one, b.log_one) + term(a.zero, a.log_zero, b.log_zero);
}

// Closed where both count as many draws; more draws on the left reach beyond the right.
Tensor binomial_binomial(const Family& p, const Family& q) {
  const Tensor &n = at(p, 0), &m = at(q, 0);
  const Tensor unequal =
      where(n > m, std::numeric_limits<Real>::infinity(), std::numeric_limits<Real>::quiet_NaN());
  return where(n == m, n * bernoulli_bernoulli(p, q), unequal);
}

// The rate of a Poisson and its logarithm.
struct Rate {
  explicit Rate(const Family& f) {
    const bool by_log = given_by(f, "log_rate");
    rate = by_log ? exp(at(f, 0)) : at(f, 0);
    log_rate = by_log ? at(f, 0) : log(rate);
  }
  Tensor rate, log_rate;
};

Tensor poisson_poisson(const Family& p, const Family& q) {
  const Rate a(p), b(q);
  return term(a.rate, a.log_rate, b.log_rate) - (a.rate - b.rate);
}

// log q(0) = -rate, log q(1) = log rate - rate
Tensor bernoulli_poisson(const Family& p, const Family& q) {
  const Coin a(p);
  const Rate b(q);
  return term(a.one, a.log_one, b.log_rate) + term(a.zero, a.log_zero, 0) + b.rate;
}

// Probabilities and their logarithms, over the last axis.
struct Table {
  explicit Table(const Family& f) {
    const Tensor& x = at(f, 0);
    if (given_by(f, "logits")) {
      p = softmax(x, -1);
      log_p = log_softmax(x, -1);
    } else {
      p = x / sum(x, -1, true);
      log_p = log(p);
    }
  }
  Tensor p, log_p;
};

Tensor categorical_categorical(const Family& p, const Family& q) {
  const Table a(p), b(q);
  const Index n = a.p.shape().from_right(1), m = b.p.shape().from_right(1);
  if (n != m) {
    fail("kl_divergence",
         "Categorical distributions of " + std::to_string(n) + " and " + std::to_string(m) +
             " categories",
         "give both as many, with probability 0 where one lacks a category");
  }
  return sum(term(a.p, a.log_p, b.log_p), -1);
}

constexpr KlPair kDiscretePairs[] = {
    {&Bernoulli::kInfo, &Bernoulli::kInfo, &bernoulli_bernoulli},
    {&Bernoulli::kInfo, &Poisson::kInfo, &bernoulli_poisson},
    {&Binomial::kInfo, &Binomial::kInfo, &binomial_binomial},
    {&Poisson::kInfo, &Poisson::kInfo, &poisson_poisson},
    {&Categorical::kInfo, &Categorical::kInfo, &categorical_categorical},
};

}  // namespace

std::span<const KlPair> kl_of_discrete_families() { return kDiscretePairs; }

}  // namespace ember::distributions
