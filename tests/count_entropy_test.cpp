// Entropies of counts, and their gradients, against sums over all counts in long double.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

using Wide = long double;

const Real kInfinity = std::numeric_limits<Real>::infinity();
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// -sum p log p of the counts 0 .. last, and by the parameter that log p's slope belongs to.
template <class Mass>
std::pair<Real, Real> by_sum(Index last, Mass mass) {
  Wide entropy = 0, slope = 0;
  for (Index k = 0; k <= last; ++k) {
    const auto [log_p, d] = mass(static_cast<Wide>(k));
    const Wide p = std::exp(log_p);
    if (p == 0) continue;
    entropy -= p * log_p;
    slope -= p * d * (log_p + 1);
  }
  return {static_cast<Real>(entropy), static_cast<Real>(slope)};
}

std::pair<Real, Real> poisson(Wide rate) {
  const auto last = static_cast<Index>(rate + 40 * std::sqrt(rate) + 60);
  return by_sum(last, [=](Wide k) {
    return std::pair{k * std::log(rate) - rate - std::lgamma(k + 1), k / rate - 1};
  });
}

std::pair<Real, Real> binomial(Index total, Wide p) {
  const auto n = static_cast<Wide>(total);
  return by_sum(total, [=](Wide k) {
    const Wide ways = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
    return std::pair{ways + k * std::log(p) + (n - k) * std::log1p(-p), k / p - (n - k) / (1 - p)};
  });
}

template <class Make>
std::pair<Real, Real> of(Make make, Real parameter) {
  const auto [h, grads] = value_and_grad(
      [&](std::span<const Tensor> in) { return make(in[0]).entropy(); }, {parameter});
  return {h, grads[0].item()};
}

void check(std::pair<Real, Real> got, std::pair<Real, Real> expected, Real stretch = 1) {
  CHECK(got.first == Approx(expected.first).epsilon(1e-12));
  CHECK(got.second == Approx(expected.second * stretch).epsilon(1e-10).margin(1e-11));
}

}  // namespace

TEST_CASE("the entropy of a Poisson distribution, by both parameters") {
  for (const Real rate : {1e-20, 1e-3, 0.7, 1.0, 3.5, 64.0, 999.5, 1000.5, 2e4}) {
    INFO("rate " << rate);
    const auto expected = poisson(rate);
    check(of([](const Tensor& r) { return dist::Poisson(r); }, rate), expected);
    check(of([](const Tensor& r) { return dist::Poisson({.log_rate = r}); }, std::log(rate)),
          expected, rate);
  }
}

TEST_CASE("the entropy of a Binomial distribution, by both parameters") {
  for (const Index n : {1, 2, 7, 400, 30'000}) {
    for (const Real p : {1e-9, 0.02, 0.3, 0.5, 0.9}) {
      INFO("n " << n << ", p " << p);
      const auto expected = binomial(n, p);
      check(of([=](const Tensor& x) { return dist::Binomial(n, {.probs = x}); }, p), expected);
      check(of([=](const Tensor& x) { return dist::Binomial(n, {.logits = x}); },
               std::log(p) - std::log1p(-p)),
            expected, p * (1 - p));
    }
  }
  // as a Normal's of the same variance
  const Tensor many = dist::Binomial(Real(1e9), {.probs = 0.3}).entropy();
  CHECK(many.item() == Approx(dist::Normal(0, std::sqrt(Real(2.1e8))).entropy().item()));
}

TEST_CASE("what is sure has entropy 0, what is no number NaN") {
  CHECK(dist::Poisson(0).entropy().item() == 0);
  CHECK(dist::Poisson({.log_rate = -kInfinity}).entropy().item() == 0);
  CHECK(dist::Poisson(kInfinity).entropy().item() == kInfinity);
  CHECK(dist::Binomial(5, {.probs = tensor({0, 1})}).entropy().at({0}) == 0);
  CHECK(dist::Binomial(5, {.probs = tensor({0, 1})}).entropy().at({1}) == 0);
  CHECK(dist::Binomial(0, {.probs = 0.3}).entropy().item() == 0);
  enable_validation(false);
  CHECK(isnan(dist::Poisson(tensor({kNaN, -1.0})).entropy()).is_all());
  CHECK(isnan(dist::Binomial(5, {.probs = kNaN}).entropy()).is_all());
  enable_validation(true);
}

TEST_CASE("an entropy counts what a mask shows, and broadcasts to the batch") {
  const auto total = [](std::span<const Tensor> in) {
    return sum(dist::Poisson(in[0]).mask(mask_of({true, false})).to_event(1).entropy());
  };
  const auto [h, grads] = value_and_grad(total, {tensor({2.5, kNaN})});
  CHECK(h == Approx(poisson(2.5L).first));
  CHECK(grads[0].at({0}) == Approx(poisson(2.5L).second));
  CHECK(grads[0].at({1}) == 0);
  CHECK(dist::Poisson(1).expand({4, 2}).entropy().shape() == Shape{4, 2});
}
