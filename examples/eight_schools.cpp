// Eight schools, of which some did not report: a hierarchical model under a mask.
//
// Coaching in school j changed test scores by y_j, with standard error sigma_j (Rubin 1981):
//
//     mu ~ Normal(0, 5),  tau ~ HalfCauchy(5)
//     z_j ~ Normal(0, 1),  theta_j = mu + tau z_j,  y_j ~ Normal(theta_j, sigma_j)
//
// Two schools did not report: their y and sigma are NaN, and a mask hides these observations. The
// schools stay in the model, so that the fit says what to expect there. Beside the fit stands the
// exact posterior: given tau everything is normal, and tau is integrated on a grid.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

struct Schools {
  Tensor y, sigma;  // (8): NaN where a school did not report
  Mask reported;
};

Schools read_schools() {
  const Real none = std::nan("");
  const Tensor y = tensor({28., 8., none, 7., -1., 1., none, 12.});
  const Tensor sigma = tensor({15., 10., none, 11., 9., 11., none, 18.});
  return {y, sigma, !isnan(y)};
}

void model(const Schools& d) {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  plate schools("schools", d.y.numel());
  const Tensor z = sample("z", dist::Normal(0, 1));
  const Tensor theta = deterministic("theta", mu + tau * z);
  with inside(h::mask(d.reported));
  sample("y", dist::Normal(theta, d.sigma), {.obs = d.y});
}

struct Moments {
  Tensor mean, sd;
};

Moments moments(const Tensor& draws) {
  const Tensor m = mean(draws, 0);
  return {m, sqrt(mean(square(draws - m), 0))};
}

// E and sd of theta_j: a sum over a grid of tau, in each point of which mu and theta are normal.
Moments exact_theta(const Schools& d) {
  const Index n = d.y.numel();
  Tensor total = 0.0;
  Tensor first = zeros({n}), second = zeros({n});
  for (double u = -8; u < 8; u += 0.01) {
    const Tensor tau = std::exp(u);
    const Tensor precision = where(d.reported, 1 / (square(d.sigma) + square(tau)), 0);
    const Tensor precision_mu = 1.0 / 25 + sum(precision);
    const Tensor mu = sum(where(d.reported, precision * d.y, 0)) / precision_mu;
    // log p(tau, y) up to a constant; tau = exp(u) has Jacobian tau
    const Tensor misfit = sum(where(d.reported, precision * square(d.y - mu), 0)) + square(mu) / 25;
    const Tensor log_weight = 0.5 * sum(where(d.reported, log(precision), 0)) -
                              0.5 * log(precision_mu) - 0.5 * misfit +
                              dist::HalfCauchy(5).log_prob(tau) + u;
    const Tensor weight = exp(log_weight);
    // theta given tau: between y_j and mu; mu itself is uncertain
    const Tensor pull = where(d.reported, square(tau) * precision, 0);  // to y_j
    const Tensor theta = where(d.reported, pull * d.y, 0) + (1 - pull) * mu;
    const Tensor variance = square(tau) * (1 - pull) + square(1 - pull) / precision_mu;
    total += weight;
    first += weight * theta;
    second += weight * (variance + square(theta));
  }
  const Tensor m = first / total;
  return {m, sqrt(second / total - square(m))};
}

}  // namespace

int main() {
  set_rng_seed(1);
  const Schools data = read_schools();
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.999}),
                 infer::TraceELBO({.num_particles = 10}));
  const infer::Fit fit = svi.run(4000, {.progress = true}, data);
  const Values draws = infer::Predictive(model, guide, {.num_samples = 4000})(data);
  const Moments theta = moments(draws.at("theta"));
  const Moments exact = exact_theta(data);

  std::printf("fitted in %.2f s, loss %.3f\n\n", fit.seconds,
              static_cast<double>(fit.losses.back()));
  std::puts("school      y  sigma    fitted effect    exact");
  for (Index j = 0; j < data.y.numel(); ++j) {
    const auto number = [j](const Tensor& x) { return static_cast<double>(x.at({j})); };
    if (data.reported.at({j})) {
      std::printf("%6c %6.0f %6.0f", static_cast<char>('A' + j), number(data.y),
                  number(data.sigma));
    } else {
      std::printf("%6c not reported ", static_cast<char>('A' + j));
    }
    std::printf("   %5.1f +- %4.1f    %5.1f +- %4.1f\n", number(theta.mean), number(theta.sd),
                number(exact.mean), number(exact.sd));
  }
  // Mean-field fits are too sure of themselves, but their means are near.
  const Tensor off = max(abs(theta.mean - exact.mean) / exact.sd);
  std::printf("\nmeans differ from the exact ones by at most %.2f posterior sd\n",
              static_cast<double>(off.item()));
  return off.item() < Real(0.2) ? 0 : 1;
}
