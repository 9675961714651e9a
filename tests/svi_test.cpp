// SVI on models whose posterior is known, and on mistakes.
#include <cmath>
#include <limits>
#include <string>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

Tensor scale_of(const char* site) {
  return param_store().get(Name("AutoNormal.scales." + std::string(site)));
}

// Falls a hundredfold, so that the last steps average the noise of the gradient away.
infer::ClippedAdam decaying(double lr, Index steps) {
  return infer::ClippedAdam({.lr = lr, .lrd = std::pow(0.01, 1.0 / static_cast<double>(steps))});
}

// mu ~ Normal(1, 2), y_i ~ Normal(mu, 1.5): posterior of precision 1/4 + n / 2.25.
struct NormalMean {
  Real sum = 0;
  int count = 0;
  Real precision() const { return Real(0.25) + static_cast<Real>(count) / Real(2.25); }
  Real mean() const { return (Real(0.25) + sum / Real(2.25)) / precision(); }
};

}  // namespace

TEST_CASE("AutoNormal finds the posterior of a Normal mean; masked data do not count") {
  begin(3);
  const Tensor y = tensor({1.0, kNaN, 2.5, 0.5, kInfinity, 3.0});
  const Mask seen = mask_of({true, false, true, true, false, true});
  const auto model = [&](const Tensor& data) {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", data.numel());
    with inside(h::mask(seen));
    sample("y", dist::Normal(mu, 1.5), {.obs = data});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 3000), infer::TraceELBO({.num_particles = 4}));
  const infer::Fit fit = svi.run(3000, {}, y);
  const NormalMean exact{7, 4};
  CHECK(fit.losses.size() == 3000);
  CHECK(guide.median()["mu"].item() == Approx(exact.mean()).margin(0.01));
  CHECK(scale_of("mu").item() == Approx(1 / std::sqrt(exact.precision())).epsilon(0.02));
  const Tensor quantiles = guide.quantiles({0.025, 0.5})["mu"];
  CHECK(quantiles.at({0}) == Approx(quantiles.at({1}) - 1.959964 * scale_of("mu").item()));
}

TEST_CASE("subsampled data give the same posterior") {
  begin(4);
  std::vector<Real> values;
  for (int i = 0; i < 40; ++i) values.push_back(Real(0.1) * static_cast<Real>(i % 7) + 1);
  const Tensor y = tensor(values);
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", 40, {.subsample_size = 10});
    sample("y", dist::Normal(mu, 1.5), {.obs = p.subsample(y)});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 2}));
  svi.run(4000, {});
  const NormalMean exact{sum(y).item(), 40};
  CHECK(guide.median()["mu"].item() == Approx(exact.mean()).margin(0.02));
  CHECK(scale_of("mu").item() == Approx(1 / std::sqrt(exact.precision())).epsilon(0.05));
}

TEST_CASE("linear regression: the mean-field optimum has precisions of the posterior's diagonal") {
  begin(5);
  const Tensor x = tensor({{1.0, 0.5}, {-0.5, 1.0}, {2.0, 1.5}, {0.0, -1.0}, {-1.5, 0.5}});
  const Tensor y = tensor({1.0, 0.2, 2.9, -0.8, -0.4});
  const auto model = [&] {
    const Tensor w = sample("w", dist::Normal(0, 1).expand({2}).to_event(1));
    plate rows("rows", 5);
    sample("y", dist::Normal(matmul(x, w), 0.5), {.obs = y});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 4}));
  svi.run(4000, {});
  // precision P = I + X'X / 0.25, mean P^-1 X'y / 0.25
  Real p[2][2] = {{1, 0}, {0, 1}};
  Real b[2] = {0, 0};
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < 2; ++j) {
      b[j] += x.at({i, j}) * y.at({i}) * 4;
      for (Index k = 0; k < 2; ++k) p[j][k] += x.at({i, j}) * x.at({i, k}) * 4;
    }
  }
  const Real det = p[0][0] * p[1][1] - p[0][1] * p[1][0];
  const Tensor w = guide.median()["w"];
  CHECK(w.at({0}) == Approx((p[1][1] * b[0] - p[0][1] * b[1]) / det).margin(0.01));
  CHECK(w.at({1}) == Approx((p[0][0] * b[1] - p[1][0] * b[0]) / det).margin(0.01));
  CHECK(scale_of("w").at({0}) == Approx(1 / std::sqrt(p[0][0])).epsilon(0.03));
  CHECK(scale_of("w").at({1}) == Approx(1 / std::sqrt(p[1][1])).epsilon(0.03));
}

TEST_CASE("the ELBO and its gradient are unbiased: masked, scaled, subsampled") {
  begin(6);
  const Tensor y = tensor({0.5, kNaN, 2.0, -1.0});
  const Mask seen = mask_of({true, false, true, true});
  param("loc", 0.4);
  param("scale", 0.7, constraints::positive);
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 4, {.subsample_size = 2});
    with inside(h::scale(0.5), h::mask(p.subsample(seen)));
    sample("y", dist::Normal(mu, 1), {.obs = p.subsample(y)});
  };
  const auto guide = [] {
    sample("mu", dist::Normal(param("loc"), param("scale", 1.0, constraints::positive)));
  };
  // E[log p] + entropy, with m = loc, s = scale: -(m^2 + s^2) / 2 + 0.5 sum_i [..] + log s + ..
  const Real m = Real(0.4), s = Real(0.7), c = Real(0.918938533204672742);
  Real expected = -Real(0.5) * (m * m + s * s) - c + std::log(s) + Real(0.5) + c;
  Real gradient = -m;
  for (const Real v : {Real(0.5), Real(2), Real(-1)}) {
    expected += Real(0.5) * (-c - Real(0.5) * ((v - m) * (v - m) + s * s));
    gradient += Real(0.5) * (v - m);
  }
  constexpr int kDraws = 20000;
  double total = 0, squares = 0, slope = 0, slope_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto [value, grads] = value_and_grad(
        [&](std::span<const Tensor> in) {
          with inside(h::substitute({{"loc", in[0]}}));
          infer::TraceELBO elbo;
          return elbo.estimate(model, infer::GuideProgram{guide});
        },
        {m});
    const auto v = static_cast<double>(value);
    const auto g = static_cast<double>(grads[0].item());
    total += v;
    squares += v * v;
    slope += g;
    slope_squares += g * g;
  }
  const auto check = [&](double sum, double sum_of_squares, Real exact) {
    const double mean = sum / kDraws;
    const double error = std::sqrt((sum_of_squares / kDraws - mean * mean) / kDraws);
    CHECK(std::abs(mean - static_cast<double>(exact)) < 4 * error);
    CHECK(error < 0.05);
  };
  check(total, squares, expected);
  check(slope, slope_squares, gradient);
}

TEST_CASE("a hand-written guide fits as an automatic one; SGD with momentum does as well") {
  begin(5);
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = 2});
  };
  const auto guide = [] {
    sample("mu", dist::Normal(param("loc", 0.0), param("scale", 1.0, constraints::positive)));
  };
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 4}));
  svi.run(4000, {});
  CHECK(param_store().get("loc").item() == Approx(1).margin(0.01));
  CHECK(param_store().get("scale").item() == Approx(std::sqrt(0.5)).epsilon(0.02));

  begin(5);
  infer::SVI plain(model, guide, infer::SGD({.lr = 0.002, .momentum = 0.9}),
                   infer::TraceELBO({.num_particles = 16}));
  plain.run(2000, {});
  CHECK(param_store().get("loc").item() == Approx(1).margin(0.05));
  CHECK(param_store().get("scale").item() == Approx(std::sqrt(0.5)).epsilon(0.08));
}

TEST_CASE("early stopping stops when the mean loss of a window stays") {
  begin(3);
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = 2});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}));
  const infer::Fit fit = svi.run(100000, {.tolerance = 1e-6, .window = 50});
  CHECK(fit.converged);
  CHECK(fit.losses.size() < 5000);
  CHECK(guide.median()["mu"].item() == Approx(1).margin(1e-3));
}

TEST_CASE("Predictive draws from prior, guide and draws; partially observed sites are completed") {
  begin(9);
  const Tensor x = tensor({3.0, kNaN});
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 2);
    const Tensor all = sample("x", dist::Normal(mu, 0.1), {.obs = x, .obs_mask = !isnan(x)});
    sample("y", dist::Normal(all, 1), {.obs = tensor({3.0, 3.0})});
  };
  const Values prior = infer::Predictive(model, {.num_samples = 2000})();
  CHECK(prior.at("mu").shape() == Shape{2000});
  CHECK(mean(prior.at("mu")).item() == Approx(0).margin(0.1));
  CHECK(mean(square(prior.at("y"))).item() > 1);

  const auto guide = [] {
    const Tensor mu = sample("mu", dist::Normal(2, 0.01));
    plate p("p", 2);
    sample("x_unobserved", dist::Normal(mu, 0.1));
  };
  const Values posterior = infer::Predictive(model, guide, {.num_samples = 500})();
  CHECK(mean(posterior.at("mu")).item() == Approx(2).margin(0.01));
  CHECK(select(posterior.at("x"), 1, 0).at({7}) == 3);  // what was seen stays
  CHECK(mean(select(posterior.at("x"), 1, 1)).item() == Approx(2).margin(0.05));
  CHECK(posterior.at("y").at({0, 0}) != 3);
  const Values kept = infer::Predictive(model, guide, {.num_samples = 2, .keep_observed = true})();
  CHECK(kept.at("y").at({1, 1}) == 3);

  const Values draws{{"mu", tensor({5, 6, 7})}};
  const Values given = infer::Predictive(model, draws)();
  CHECK(given.at("mu").at({2}) == 7);
  CHECK(given.at("y").shape() == Shape{3, 2});
}

TEST_CASE("an initial scale that is none is an error where the guide is made") {
  const auto model = [] { sample("s", dist::Normal(0, 2)); };
  for (const double scale : {0.0, -0.1, kNaN, kInfinity}) {
    CHECK(has(error_of([&] { infer::AutoNormal(model, {.init_scale = scale}); }),
              "AutoNormal: init_scale"));
    CHECK(has(error_of([&] { infer::AutoMultivariateNormal(model, {.init_scale = scale}); }),
              "AutoMultivariateNormal: init_scale"));
  }
}

TEST_CASE("an observation without a value and a run of less than nothing are errors") {
  begin(29);
  const auto model = [](const Tensor& y) {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = y});
  };
  CHECK_THROWS_WITH(h::trace(model).get_trace(Tensor()),
                    Catch::Contains("site 'y': the observation is undefined; give it a value"));
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  CHECK_THROWS_WITH(svi.run(-3, {}, Tensor(1.0)), Catch::Contains("a run of -3 steps"));
  CHECK(svi.run(0, {}, Tensor(1.0)).losses.empty());
}

TEST_CASE("log_density is the log joint at given latents") {
  const auto model = [](Real y) {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = y});
  };
  const Real c = Real(0.918938533204672742);
  CHECK(infer::log_density(model, {{"mu", 0.5}}, Real(2)).item() ==
        Approx(-2 * c - 0.125 - 0.5 * 1.5 * 1.5));
  CHECK(has(error_of([&] { infer::log_density(model, {}, Real(2)); }), "mu"));
}
