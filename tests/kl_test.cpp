// Divergences against what they mean: numbers are the golden files' business.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

// The mean of log p - log q over draws of p, and its standard error.
void check_against_draws(const dist::Distribution& p, const dist::Distribution& q) {
  INFO(p.name() + " || " + q.name());
  const Tensor x = p.sample({100'000});
  const Tensor difference = p.log_prob(x) - q.log_prob(x);
  const Real expected = mean(difference).item();
  const Real variance = mean(square(difference - expected)).item();
  const Real got = dist::kl_divergence(p, q).item();
  CHECK(std::abs(got - expected) < 4 * std::sqrt(variance / Real(100'000)) + Real(1e-12));
}

}  // namespace

TEST_CASE("a divergence is the mean difference of log densities") {
  set_rng_seed(31);
  check_against_draws(dist::Normal(0.3, 0.7), dist::Normal(-0.5, 1.1));
  check_against_draws(dist::LogNormal(0.3, 0.7), dist::LogNormal(-0.5, 1.1));
  check_against_draws(dist::HalfNormal(0.8), dist::HalfNormal(1.3));
  check_against_draws(dist::HalfCauchy(0.8), dist::HalfCauchy(1.3));
  check_against_draws(dist::Poisson(2.5), dist::Poisson({.log_rate = 1.3}));
  check_against_draws(dist::Bernoulli({.probs = 0.2}), dist::Bernoulli({.logits = 0.4}));
  check_against_draws(dist::Bernoulli({.logits = -0.3}), dist::Poisson({.log_rate = 0.2}));
  check_against_draws(dist::Categorical({.probs = tensor({1, 0, 3})}),
                      dist::Categorical({.logits = tensor({0.3, 0.1, -0.2})}));
}

TEST_CASE("a divergence counts what both masks show, and gives the rest gradient 0") {
  const Tensor loc = tensor({{0.3, kNaN, 1}, {0.1, 0.2, kNaN}});
  const Tensor scale = tensor({{0.5, kNaN, 1}, {-1, 0.2, 2}});
  const Mask left = mask_of({true, false, true, true, true, true}, {2, 3});
  const Mask right = mask_of({true, true, true, false, true, false}, {2, 3});
  const auto total = [&](std::span<const Tensor> in) {
    const auto p = dist::Normal(log(in[0] + 1), in[1]).mask(left).to_event(1);
    const auto q = dist::Normal(0, square(in[1]) / 0.7).mask(right).to_event(1);
    return sum(dist::kl_divergence(p, q));
  };
  const auto result = value_and_grad(total, {loc, scale});
  Real expected = 0;
  for (const auto& [i, j] : {std::pair{0, 0}, {0, 2}, {1, 1}}) {
    const Real m = std::log(loc.at({i, j}) + 1), s = scale.at({i, j});
    const Real t = s * s / Real(0.7);
    expected += std::log(t / s) + (s * s + m * m) / (2 * t * t) - Real(0.5);
  }
  CHECK(result.value == Approx(expected));
  const Mask both = left & right;
  for (const Tensor& grad : result.grads) {
    CHECK(isfinite(grad).is_all());
    CHECK(same_bits(grad, where(both, grad, 0)));
    CHECK((grad != 0).count() == 3);
  }
}

TEST_CASE("shapes of divergences") {
  const dist::Distribution p = dist::Normal(zeros({2, 1, 3}), 1);
  CHECK(dist::kl_divergence(p, dist::Normal(zeros({4, 1}), 2)).shape() == Shape{2, 4, 3});
  CHECK(dist::kl_divergence(p.to_event(1), dist::Normal(zeros({4, 3}), 2).to_event(1)).shape() ==
        Shape{2, 4});
  CHECK(dist::kl_divergence(p.to_event(3), dist::Normal(0, 1).expand({2, 1, 3}).to_event(3))
            .shape() == Shape{});
  CHECK(dist::kl_divergence(dist::Normal(zeros({0}), 1), dist::Normal(0, 1)).numel() == 0);
  CHECK(has(error_of([&] { dist::kl_divergence(p.to_event(1), p.to_event(2)); }), "(1, 3)"));
  CHECK(has(error_of([&] { dist::kl_divergence(p, dist::Normal(zeros({2}), 1)); }), "(2,)"));
}

TEST_CASE("a Delta's divergence is -log q(v)") {
  const Tensor v = tensor({{0.5, -1.0}, {2.0, kNaN}});
  const Mask known = !isnan(v);
  const auto p = dist::Delta(v).mask(known);
  const Tensor kl = dist::kl_divergence(p, dist::HalfNormal(1.5));
  CHECK(kl.at({0, 0}) == Approx(-dist::HalfNormal(1.5).log_prob(0.5).item()));
  CHECK(kl.at({0, 1}) == kInfinity);
  CHECK(kl.at({1, 1}) == 0);
  const auto q = dist::Normal(0, 2).expand({2, 2});
  const Tensor rows = dist::kl_divergence(p.to_event(1), q.to_event(1));
  CHECK(rows.at({0}) == Approx(-sum(dist::Normal(0, 2).log_prob(v[0])).item()));
  CHECK(rows.at({1}) == Approx(-dist::Normal(0, 2).log_prob(2).item()));
  // one event on the left, independent numbers on the right
  const auto whole = dist::Delta(v, 0.0, 1).mask(mask_of({true, false}));
  const Tensor events = dist::kl_divergence(whole, q.to_event(1));
  CHECK(events.at({0}) == Approx(rows.at({0})));
  CHECK(events.at({1}) == 0);
}

TEST_CASE("reaching beyond the other's support is infinite, no closed form an error") {
  CHECK(dist::kl_divergence(dist::Normal(0, 1), dist::HalfNormal(1)).item() == kInfinity);
  CHECK(dist::kl_divergence(dist::Poisson(1), dist::Bernoulli({.probs = 0.5})).item() == kInfinity);
  const Tensor masked = dist::kl_divergence(dist::Normal(tensor({0.0, kNaN}), 1),
                                            dist::HalfNormal(1).mask(mask_of({true, false})));
  CHECK(masked.at({0}) == kInfinity);
  CHECK(masked.at({1}) == 0);
  CHECK(dist::kl_divergence(dist::Bernoulli({.probs = 0.5}), dist::Bernoulli({.probs = 1.0}))
            .item() == kInfinity);
  const std::string none =
      error_of([] { dist::kl_divergence(dist::HalfCauchy(1), dist::LogNormal(0, 1)); });
  CHECK(has(none, "HalfCauchy"));
  CHECK(has(none, "LogNormal"));
  CHECK(has(error_of([] { dist::kl_divergence(dist::Normal(0, 1), dist::Poisson(1)); }),
            "no closed form"));
  CHECK(has(error_of([] {
              dist::kl_divergence(dist::Categorical({.logits = zeros({3})}),
                                  dist::Categorical({.logits = zeros({4})}));
            }),
            "3 and 4"));
}
