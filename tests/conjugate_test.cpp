// Conjugate models under a guide of the posterior's own family: the fit is the closed form. Every
// last observation is NaN and masked: it must not count.
#include <cmath>

#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::nan("");

template <class M, class G>
void fit(const M& model, const G& guide) {
  param_store().clear();
  set_rng_seed(1);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.1, .lrd = 0.9985}),
                 infer::TraceELBO({.num_particles = 10}));
  svi.run(4000, {});
}

void check_near(const char* param, const Tensor& expected, double by) {
  const Tensor fitted = param_store().get(param);
  INFO(param << " " << to_string(fitted) << " should be " << to_string(expected));
  CHECK(max(abs(fitted / expected - 1)).item() < by);
}

}  // namespace

TEST_CASE("Beta-Bernoulli: the guide's Beta becomes the posterior") {
  const Tensor y = tensor({1., 1., 0., 1., 1., 1., 0., 1., kNaN});
  fit(
      [&] {
        const Tensor p = sample("p", dist::Beta(2, 3));
        plate data("data", y.numel());
        sample("y", dist::Bernoulli({.probs = p}).mask(!isnan(y)), {.obs = y});
      },
      [] {
        sample("p", dist::Beta(param("a", 1.0, constraints::positive),
                               param("b", 1.0, constraints::positive)));
      });
  check_near("a", 8, 0.05);
  check_near("b", 5, 0.05);
}

TEST_CASE("Gamma-Poisson: the guide's Gamma becomes the posterior") {
  const Tensor y = tensor({4., 2., 5., 3., 0., 3., kNaN});
  fit(
      [&] {
        const Tensor rate = sample("rate", dist::Gamma(3, 1));
        plate data("data", y.numel());
        sample("y", dist::Poisson(rate).mask(!isnan(y)), {.obs = y});
      },
      [] {
        sample("rate", dist::Gamma(param("a", 1.0, constraints::positive),
                                   param("b", 1.0, constraints::positive)));
      });
  check_near("a", 20, 0.05);
  check_near("b", 7, 0.05);
}

TEST_CASE("Dirichlet-Categorical: the guide's Dirichlet becomes the posterior") {
  const Tensor y = tensor({0., 0., 2., 1., 0., 2., 0., kNaN});
  fit(
      [&] {
        const Tensor p = sample("p", dist::Dirichlet(tensor({1, 2, 3})));
        plate data("data", y.numel());
        sample("y", dist::Categorical({.probs = p}).mask(!isnan(y)), {.obs = y});
      },
      [] { sample("p", dist::Dirichlet(param("a", ones({3}), constraints::positive))); });
  check_near("a", tensor({5, 3, 5}), 0.05);
}
