// Errors of single families. What is true of all of them is in families_test.cpp.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

}  // namespace

TEST_CASE("bad values and parameters are errors with index, value and rule") {
  const std::string scale = error_of([] {
    dist::Normal(0, tensor({1.0, -2.0})).log_prob(zeros({2}));
  });
  INFO(scale);
  CHECK(has(scale, "Normal"));
  CHECK(has(scale, "scale[1] = -2"));
  CHECK(has(scale, "must be positive"));
  CHECK(has(error_of([] { dist::Poisson(1).log_prob(tensor({1.0, 2.5})); }), "value[1] = 2.5"));
  CHECK(
      has(error_of([] { dist::Categorical({.logits = zeros({3})}).log_prob(3); }), "from 0 to 2"));
  CHECK(has(error_of([] { dist::Normal(kNaN, 1).log_prob(0); }), "loc = nan must not be NaN"));
  CHECK(has(error_of([] { dist::HalfNormal(1).log_prob(-1); }), "must not be negative"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 1.5}).sample(); }), "must lie in [0, 1]"));
  CHECK(has(error_of([] { dist::Bernoulli({}); }), "exactly one of .probs, .logits"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 0.5, .logits = 0}); }), ".probs and .logits"));
  CHECK(has(error_of([] { dist::Normal(Tensor(), 1); }), ".loc"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), ones({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), 1).log_prob(zeros({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Categorical({.logits = 1.0}); }), "logits"));
  const std::string uniform = error_of([] {
    dist::Uniform(zeros({2}), tensor({1.0, -1.0})).sample();
  });
  CHECK(has(uniform, "high[1] = -1 must be greater than 0"));
  const std::string binomial = error_of([] {
    dist::Binomial(tensor({3, 5}), {.probs = 0.5}).log_prob(tensor({3, 6}));
  });
  CHECK(has(binomial, "value[1] = 6 must be a whole number from 0 to 5"));
  CHECK(has(error_of([] { dist::Uniform(0, 2).log_prob(2.5); }), "must lie in [0, 2]"));
  CHECK(has(error_of([] { dist::Uniform(kNaN, 2).log_prob(1); }), "low = nan must not be NaN"));
  CHECK(has(error_of([] { dist::Uniform(0, kNaN).log_prob(1); }), "high = nan must be greater"));
  CHECK(has(error_of([] {
              dist::Uniform(tensor({0, kNaN}), 2).mask(mask_of({true, false})).log_prob(5);
            }),
            "value"));
  CHECK(
      has(error_of([] { dist::Binomial({.total_count = 3}); }), "exactly one of .probs, .logits"));
  CHECK(
      has(error_of([] { dist::Binomial(3, {.probs = 0.5, .logits = 0}); }), ".probs and .logits"));
  CHECK(has(error_of([] { dist::Binomial({.probs = 0.5}); }), "total_count"));
  CHECK(has(error_of([] { dist::Binomial(2.5, {.probs = 0.5}).sample(); }), "whole number"));
  CHECK(has(error_of([] {
              dist::Binomial(tensor({3, 4}), {.logits = 0}).enumerate_support();
            }),
            "different total_count"));
  CHECK(dist::Binomial(3, {.logits = 0}).enumerate_support().shape() == Shape{4});
  enable_validation(false);
  CHECK(std::isnan(dist::Normal(0, -1).log_prob(0).item()));
  enable_validation(true);
}

TEST_CASE("whatever asks for the family of an undefined distribution is an error") {
  const dist::Distribution none;
  const dist::Distribution normal = dist::Normal(0, 1);
  CHECK_FALSE(none.defined());
  const auto is_error = [](auto f) {
    check_error(f, {"an undefined distribution was used", "defined() tells"});
  };
  is_error([&] { none.name(); });
  is_error([&] { none.family(); });
  is_error([&] { none.support(); });
  is_error([&] { none.event_shape(); });
  is_error([&] { none.log_prob(0); });
  is_error([&] { none.log_prob_sum(0); });
  is_error([&] { none.sample(); });
  is_error([&] { none.expand({2}); });
  is_error([&] { none.mask(true); });
  is_error([&] { none.mean(); });
  is_error([&] { dist::kl_divergence(none, normal); });
  is_error([&] { dist::kl_divergence(normal, none); });
  is_error([&] { dist::Transformed(none, {transforms::exp()}); });
  is_error([] { dist::Distribution(std::shared_ptr<const dist::Family>()); });
}

TEST_CASE("moments, distribution functions and supports look at the visible parameters") {
  const dist::Normal normal(0, tensor({-1, 1}));
  const std::vector<std::function<void(const dist::Distribution&)>> asked{
      [](const dist::Distribution& d) { d.mean(); },
      [](const dist::Distribution& d) { d.variance(); },
      [](const dist::Distribution& d) { d.entropy(); },
      [](const dist::Distribution& d) { d.cdf(1); },
      [](const dist::Distribution& d) { d.icdf(0.5); }};
  for (const auto& ask : asked) {
    check_error([&] { ask(normal); }, {"Normal: scale[0] = -1 must be positive"});
    CHECK_NOTHROW(ask(normal.mask(mask_of({false, true}))));
    enable_validation(false);
    CHECK_NOTHROW(ask(normal));
    enable_validation(true);
  }
  const dist::Transformed transformed(normal, transforms::exp());
  check_error([&] { transformed.cdf(1); }, {"Normal: scale[0] = -1"});
  check_error([&] { transformed.icdf(0.5); }, {"Normal: scale[0] = -1"});
  CHECK(transformed.mask(mask_of({false, true})).cdf(1).at({1}) == 0.5);
  check_error([] { dist::Binomial({.total_count = -5, .probs = 0.5}).enumerate_support(); },
              {"Binomial: total_count = -5"});
}

TEST_CASE("a Categorical without any mass is an error where it is visible") {
  const Real infinity = std::numeric_limits<Real>::infinity();
  const Tensor probs = tensor({{1, 1, 0}, {0, 0, 0}});
  const Tensor logits = tensor({{0, 0, 0}, {-infinity, -infinity, -infinity}});
  const Tensor x = zeros({2});
  const Mask first = mask_of({true, false});
  const auto check = [&](const dist::Distribution& d, const char* what) {
    check_error([&] { d.log_prob(x); }, {"Categorical: ", what});
    check_error([&] { d.log_prob_sum(x); }, {"Categorical: ", what});
    check_error([&] { d.sample(); }, {"Categorical: ", what});
    check_error([&] { d.entropy(); }, {"Categorical: ", what});
    CHECK(d.log_prob(x, first).at({1}) == 0);
    CHECK(d.mask(first).sample().at({1}) == 0);
  };
  check(dist::Categorical({.probs = probs}), "sum(probs)[1] = 0 must be positive");
  check(dist::Categorical({.logits = logits}), "logsumexp(logits)[1] = -inf");
  // a class without mass is none of all
  CHECK(dist::Categorical({.probs = tensor({1, 1, 0})}).log_prob(2).item() == -infinity);
}

TEST_CASE("a Delta of vectors takes one log density each") {
  const Tensor weights = tensor({0.1, 0.2, 0.3, 0.4, 0.5});
  const Tensor v = reshape(arange(15), {5, 3});
  const dist::Delta d({.v = v, .log_density = weights, .event_dim = 1});
  CHECK(d.batch_shape() == Shape{5});
  CHECK(d.event_shape() == Shape{3});
  CHECK(same_bits(d.log_prob(v), weights));
  CHECK(same_bits(d.entropy(), -weights));
  CHECK(same_bits(d.sample(), v));
  const dist::Delta one({.v = tensor({1, 2}), .log_density = weights, .event_dim = 1});
  CHECK(one.batch_shape() == Shape{5});
  CHECK(one.mean().shape() == Shape{5, 2});
  for (const Real n : {Real(0.5), Real(-0.5), Real(-1), Real(2), kNaN}) {
    check_error([&] { dist::Delta({.v = zeros({3}), .event_dim = n}); },
                {"Delta: event_dim = ", "from 0 to 1"});
  }
}
