// What a step of SVI does, written out: trace the guide, replay the model at its draws, take the
// difference of the log joints, differentiate it, and let Adam move the parameters. The losses are
// those of infer::SVI.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Tensor kData = tensor({4.8, 5.1, 5.9, 4.4, 6.0});

void model() {
  const Tensor mu = sample("mu", dist::Normal(0, 10));
  plate data("data", kData.numel());
  sample("y", dist::Normal(mu, 1), {.obs = kData});
}

void guide() {
  const Tensor loc = param("loc", 0.0);
  const Tensor scale = param("scale", 1.0, constraints::positive);
  sample("mu", dist::Normal(loc, scale));
}

// The loss at unconstrained parameters u = (loc, log scale).
Tensor loss(std::span<const Tensor> u) {
  const Values params{{"loc", u[0]}, {"scale", exp(u[1])}};
  const Trace drawn = h::trace(h::substitute(guide, params)).get_trace();
  const Trace joint = h::trace(h::replay(model, drawn)).get_trace();
  return drawn.log_prob_sum() - joint.log_prob_sum();
}

}  // namespace

int main() {
  constexpr int kSteps = 500;
  constexpr double kRate = 0.05, kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;
  set_rng_seed(1);
  std::vector<Tensor> u{0.0, 0.0};
  std::vector<Tensor> m{0.0, 0.0}, v{0.0, 0.0};
  std::vector<Real> losses;
  for (int t = 1; t <= kSteps; ++t) {
    const auto [value, grads] = value_and_grad(loss, u);
    losses.push_back(value);
    for (std::size_t i = 0; i < u.size(); ++i) {
      m[i] = kBeta1 * m[i] + (1 - kBeta1) * grads[i];
      v[i] = kBeta2 * v[i] + (1 - kBeta2) * square(grads[i]);
      const Tensor m_hat = m[i] / (1 - std::pow(kBeta1, t));
      const Tensor v_hat = v[i] / (1 - std::pow(kBeta2, t));
      u[i] -= kRate * m_hat / (sqrt(v_hat) + kEps);
    }
  }

  set_rng_seed(1);
  infer::SVI svi(model, guide, infer::Adam({.lr = kRate}));
  Real largest = 0;
  for (const Real by_hand : losses) {
    largest = std::max(largest, std::abs(svi.step() - by_hand));
  }
  std::printf("mu = %.4f +- %.4f after %d steps\n", static_cast<double>(u[0].item()),
              std::exp(static_cast<double>(u[1].item())), kSteps);
  std::printf("losses by hand and by infer::SVI differ by at most %.2g\n",
              static_cast<double>(largest));
  return largest < Real(sizeof(Real) == 8 ? 1e-9 : 1e-2) ? 0 : 1;
}
