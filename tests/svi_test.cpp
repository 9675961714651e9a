// SVI on models whose posterior is known.
#include <ember/ember.hpp>

#include <cmath>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

TEST_CASE("AutoNormal finds the posterior of a Normal mean") {
  param_store().clear();
  set_rng_seed(3);
  const Tensor y = tensor({1.0, 2.5, 0.5, 3.0});
  const auto model = [](const Tensor& data) {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", data.numel());
    sample("y", dist::Normal(mu, 1.5), {.obs = data});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.998}));
  const infer::Fit fit = svi.run(3000, {}, y);
  const Real precision = 1 / 4.0 + 4 / 2.25;
  const Real mean = (1 / 4.0 + 7 / 2.25) / precision;
  CHECK(fit.losses.size() == 3000);
  CHECK(guide.median()["mu"].item() == Approx(mean).margin(0.02));
  CHECK(param_store().get("AutoNormal.scales.mu").item() ==
        Approx(1 / std::sqrt(precision)).epsilon(0.05));
}

TEST_CASE("AutoDelta finds the mode of a constrained site without a Jacobian") {
  param_store().clear();
  set_rng_seed(3);
  const auto model = [] {
    const Tensor s = sample("s", dist::LogNormal(0, 1));
    sample("y", dist::Normal(0, s), {.obs = 2});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  svi.run(2000, {});
  // maximise -log s - (log s)^2 / 2 - log s - 2 / s^2 over s
  const Real s = guide.median()["s"].item();
  CHECK(-2 / s - std::log(s) / s + 4 / (s * s * s) == Approx(0).margin(1e-6));
}

TEST_CASE("a hand-written guide fits as an automatic one") {
  param_store().clear();
  set_rng_seed(5);
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = 2});
  };
  const auto guide = [] {
    sample("mu", dist::Normal(param("loc", 0.0), param("scale", 1.0, constraints::positive)));
  };
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.999}),
                 infer::TraceELBO({.num_particles = 4}));
  svi.run(6000, {});
  CHECK(param_store().get("loc").item() == Approx(1).margin(0.02));
  CHECK(param_store().get("scale").item() == Approx(std::sqrt(0.5)).epsilon(0.03));
}
