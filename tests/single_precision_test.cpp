// One SVI run that holds in either precision: with the golden checker, what single precision is
// tested by.
#include <ember/ember.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

TEST_CASE("SVI finds a known posterior behind a mask") {
  param_store().clear();
  set_rng_seed(3);
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Tensor y = tensor({1.0, 2.5, 0.5, 3.0, static_cast<double>(nan)});
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", 5);
    with inside(h::mask(!isnan(y)));
    sample("y", dist::Normal(mu, 1.5), {.obs = y});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.998}),
                 infer::TraceELBO({.num_particles = 4}));
  const infer::Fit fit = svi.run(2500, {});
  const double precision = 0.25 + 4 / 2.25;
  CHECK(std::isfinite(fit.losses.back()));
  CHECK(static_cast<double>(guide.median()["mu"].item()) ==
        Approx((0.25 + 7 / 2.25) / precision).margin(0.02));
  CHECK(static_cast<double>(param_store().get("AutoNormal.scales.mu").item()) ==
        Approx(1 / std::sqrt(precision)).epsilon(0.03));
}
