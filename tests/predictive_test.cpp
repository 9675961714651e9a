// Predictive and log_likelihood: returns, draws in parallel, data point by data point.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// mu, then z in a plate of 3, a vector event w, and y in two plates (2, 3)
Tensor model(const Tensor& y) {
  const Tensor mu = sample("mu", dist::Normal(2, 0.1));
  const Tensor w = sample("w", dist::Normal(tensor({1, 5}), 0.1).to_event(1));
  const Tensor twice = deterministic("twice", 2 * mu);
  deterministic("fixed", tensor({7, 8}));
  plate columns("columns", 3);
  const Tensor z = sample("z", dist::Normal(mu, 0.1));
  plate rows("rows", 2);
  const Tensor u = sum(w, -1);  // an event axis: the plates' dims are to its left
  sample("y", dist::Normal(z + u, 0.1), {.obs = y});
  return 10 * twice;
}

void guide(const Tensor&) {
  const Tensor mu = sample("mu", dist::Normal(4, 0.1));
  sample("w", dist::Normal(tensor({0, 1}), 0.1).to_event(1));
  plate columns("columns", 3);
  sample("z", dist::Normal(mu - 1, 0.1));
}

void check_shapes(const Values& draws, Index n) {
  CHECK(draws.at("mu").shape() == Shape{n});
  CHECK(draws.at("w").shape() == Shape{n, 2});
  CHECK(draws.at("twice").shape() == Shape{n});
  CHECK(draws.at("fixed").shape() == Shape{n, 2});
  CHECK(draws.at("z").shape() == Shape{n, 3});
  CHECK(draws.at("y").shape() == Shape{n, 2, 3});
  CHECK(draws.at("_RETURN").shape() == Shape{n});
}

}  // namespace

TEST_CASE("the model's return value is kept, where it is a tensor") {
  begin(1);
  const Values draws = infer::Predictive(model, {.num_samples = 4})(zeros({2, 3}));
  check_shapes(draws, 4);
  CHECK(same_bits(draws.at("_RETURN"), 20 * draws.at("mu")));
  const auto number = [] { return 3.5; };
  CHECK(infer::Predictive(number, {.num_samples = 2})().at("_RETURN").at({1}) == Real(3.5));
  const auto nothing = [] { sample("x", dist::Normal(0, 1)); };
  CHECK(infer::Predictive(nothing, {.num_samples = 2})().count("_RETURN") == 0);
}

TEST_CASE("draws in parallel have the shapes and the distribution of draws one by one") {
  begin(2);
  const Tensor y = zeros({2, 3});
  for (const bool parallel : {false, true}) {
    const Index n = parallel ? 4000 : 1000;
    const Values prior = infer::Predictive(model, {.num_samples = n, .parallel = parallel})(y);
    check_shapes(prior, n);
    CHECK(mean(prior.at("y")).item() == Approx(8).margin(0.02));
    const Tensor spread = prior.at("z") - prior.at("mu").reshape({n, 1});
    CHECK(mean(square(spread)).item() == Approx(0.01).epsilon(0.1));

    const Values posterior =
        infer::Predictive(model, guide, {.num_samples = n, .parallel = parallel})(y);
    check_shapes(posterior, n);
    CHECK(mean(posterior.at("z")).item() == Approx(3).margin(0.02));
    CHECK(mean(posterior.at("y")).item() == Approx(4).margin(0.02));
    const Tensor rest = posterior.at("y") - posterior.at("z").reshape({n, 1, 3}) -
                        sum(posterior.at("w"), -1).reshape({n, 1, 1});
    CHECK(mean(square(rest)).item() == Approx(0.01).epsilon(0.1));
    CHECK(same_bits(posterior.at("_RETURN"), 20 * posterior.at("mu")));
    CHECK(posterior.at("fixed").at({n - 1, 1}) == 8);

    const Values again = infer::Predictive(model, posterior, {.parallel = parallel})(y);
    check_shapes(again, n);
    CHECK(same_bits(again.at("z"), posterior.at("z")));
    CHECK(same_bits(again.at("w"), posterior.at("w")));
    const Tensor noise = again.at("y") - posterior.at("z").reshape({n, 1, 3}) -
                         sum(posterior.at("w"), -1).reshape({n, 1, 1});
    CHECK(mean(square(noise)).item() == Approx(0.01).epsilon(0.1));

    const Values kept = infer::Predictive(
        model, guide, {.num_samples = 5, .keep_observed = true, .parallel = parallel})(y);
    CHECK(same_bits(kept.at("y"), zeros({5, 2, 3})));
  }
}

TEST_CASE("automatic guides draw in parallel; masks and missing data stay where they are") {
  begin(3);
  const Tensor x = tensor({3.0, kNaN, 1.0});
  const auto partial = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 3);
    return sample("x", dist::Normal(mu, 0.5), {.obs = x, .obs_mask = !isnan(x)});
  };
  infer::AutoNormal fitted(partial,
                           {.init = infer::init_to_value({{"mu", 1.5}}), .init_scale = 0.01});
  fitted.set_up();
  const Values draws = infer::Predictive(partial, fitted, {.num_samples = 300, .parallel = true})();
  CHECK(draws.at("mu").shape() == Shape{300});
  CHECK(mean(square(draws.at("mu") - 1.5)).item() == Approx(0.0001).epsilon(0.3));
  CHECK(draws.at("x").shape() == Shape{300, 3});
  CHECK(draws.at("x").at({299, 0}) == 3);
  CHECK(std::isfinite(draws.at("x").at({299, 1})));
  CHECK(same_bits(draws.at("x"), draws.at("_RETURN")));
}

TEST_CASE("a model that does not broadcast is an error in parallel, and draws that do not fit") {
  begin(4);
  const auto joined = [] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    deterministic("pair", sum(stack({a, a}, 0)));
  };
  const std::string text =
      error_of([&] { infer::Predictive(joined, {.num_samples = 5, .parallel = true})(); });
  INFO(text);
  CHECK(has(text, "'pair'"));
  CHECK(has(text, "parallel"));
  CHECK(infer::Predictive(joined, {.num_samples = 5})().at("pair").shape() == Shape{5});
  const Values uneven{{"a", zeros({3})}, {"b", zeros({2})}};
  CHECK(has(error_of([&] { infer::Predictive(joined, uneven)(); }), "'b'"));
}

TEST_CASE("observed sites are drawn anew, also where the given draws have them") {
  begin(6);
  const Tensor data = tensor({1.0, 2.0});
  const auto regression = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu * ones({2}), 0.1), {.obs = data});
  };
  const Values first = infer::Predictive(regression, {.num_samples = 200})();
  Values shifted = first;
  shifted["y"] = first.at("y") + 100;
  for (const bool parallel : {false, true}) {
    const Values again = infer::Predictive(regression, shifted, {.parallel = parallel})();
    CHECK(same_bits(again.at("mu"), first.at("mu")));
    const Tensor residual = again.at("y") - unsqueeze(again.at("mu"), -1);
    CHECK(mean(square(residual)).item() == Approx(0.01).epsilon(0.3));
    const Values kept =
        infer::Predictive(regression, shifted, {.keep_observed = true, .parallel = parallel})();
    CHECK(kept.at("y").at({9, 1}) == 2);
  }
}

TEST_CASE("draws in parallel share the members of subsampled plates") {
  begin(7);
  const auto subsampled = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 10, {.subsample_size = 2});
    const Tensor x = deterministic("x", p.subsample(arange(10)));
    sample("y", dist::Normal(mu, 1), {.obs = x});
  };
  const auto check = [](const Values& draws) {
    const Tensor x = draws.at("x");
    REQUIRE(x.shape() == Shape{6, 2});
    CHECK(same_bits(draws.at("y"), x));
    CHECK(same_bits(x, expand(x[0], {6, 2})));
    CHECK(x.at({0, 0}) < x.at({0, 1}));
  };
  const infer::PredictiveOptions options{.num_samples = 6, .keep_observed = true, .parallel = true};
  for (int i = 0; i < 5; ++i) {
    check(infer::Predictive(subsampled, options)());
    check(infer::Predictive(subsampled, Values{{"mu", arange(6)}}, options)());
  }
  const auto guide = [] {
    sample("mu", dist::Normal(5, 0.1));
    plate p("p", 10, {.subsample_size = 2});
  };
  for (int i = 0; i < 5; ++i) check(infer::Predictive(subsampled, guide, options)());
}

TEST_CASE("less than one draw is an error") {
  const auto prior = [] { sample("x", dist::Normal(0, 1)); };
  for (const bool parallel : {false, true}) {
    for (const Index n : {-5, 0}) {
      check_error([&] { infer::Predictive(prior, {.num_samples = n, .parallel = parallel})(); },
                  {"Predictive: ", "draws are asked for"});
    }
  }
}

TEST_CASE("log_likelihood: each observed site, each draw, each element; masked ones are 0") {
  begin(5);
  const Tensor y = tensor({1.0, kNaN, 3.0});
  const Tensor k = tensor({1.0, kNaN, 0.0});
  const auto data_model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    const Tensor s = sample("s", dist::HalfNormal(1));
    plate p("p", 3);
    with inside(h::scale(0.5));
    sample("k", dist::Bernoulli({.logits = mu}), {.obs = k, .obs_mask = !isnan(k)});
    with seen(h::mask(!isnan(y)));
    sample("y", dist::Normal(mu, s), {.obs = y});
  };
  const Values draws{{"mu", tensor({0.5, -1})}, {"s", tensor({1, 2})}};
  const Values result = infer::log_likelihood(data_model, draws);
  CHECK(result.size() == 2);
  REQUIRE(result.at("y").shape() == Shape{2, 3});
  REQUIRE(result.at("k_observed").shape() == Shape{2, 3});
  for (Index i = 0; i < 2; ++i) {
    const Real mu = draws.at("mu").at({i}), s = draws.at("s").at({i});
    for (const Index j : {0, 2}) {
      const Real z = (y.at({j}) - mu) / s;
      CHECK(result.at("y").at({i, j}) == Approx(-0.5 * z * z - std::log(s) - 0.918938533204672742));
    }
    CHECK(result.at("y").at({i, 1}) == 0);
    CHECK(result.at("k_observed").at({i, 0}) == Approx(-std::log1p(std::exp(-mu))));
    CHECK(result.at("k_observed").at({i, 1}) == 0);
  }
  const Values lacking{{"mu", tensor({0.5, -1})}};
  CHECK(has(error_of([&] { infer::log_likelihood(data_model, lacking); }), "'s'"));
}
