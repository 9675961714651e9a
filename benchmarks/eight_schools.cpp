// Eight schools, one SVI step (AutoNormal, Adam, TraceELBO), beside the hand-written one: the same
// draws, gradient and Adam as plain arithmetic.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <random>

#include <ember/ember.hpp>

#include "allocations.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr std::array<double, 8> kY{28, 8, -3, 7, -1, 1, 18, 12};
constexpr std::array<double, 8> kSigma{15, 10, 16, 11, 9, 11, 10, 18};

struct Schools {
  Tensor y = tensor(kY);
  Tensor sigma = tensor(kSigma);
};

void model(const Schools& d) {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  plate schools("schools", 8);
  const Tensor z = sample("z", dist::Normal(0, 1));
  sample("y", dist::Normal(mu + tau * z, d.sigma), {.obs = d.y});
}

void ember_step(benchmark::State& state) {
  param_store().clear();
  set_rng_seed(1);
  const Schools data;
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  for (int i = 0; i < 50; ++i) svi.step(data);
  const std::uint64_t before = bench::allocations();
  for (int i = 0; i < 1000; ++i) svi.step(data);
  const std::uint64_t after = bench::allocations();
  for (auto _ : state) benchmark::DoNotOptimize(svi.step(data));
  state.counters["allocations_in_1000_steps"] = static_cast<double>(after - before);
}
BENCHMARK(ember_step);

// loc and log scale of mu, log tau and z, their gradients and moments, in one loop each.
struct ByHand {
  static constexpr std::size_t kParameters = 20;
  std::array<double, kParameters> u{}, g{}, m{}, v{};
  std::mt19937_64 engine{1};
  std::normal_distribution<double> normal;
  int t = 0;

  ByHand() {
    for (std::size_t i = 10; i < 20; ++i) u[i] = std::log(0.1);
  }

  double step() {
    std::array<double, 10> eps, x, scale, dx{};
    double loss = 0;
    for (std::size_t i = 0; i < 10; ++i) {
      eps[i] = normal(engine);
      scale[i] = std::exp(u[10 + i]);
      x[i] = u[i] + scale[i] * eps[i];
      loss -= 0.5 * eps[i] * eps[i] + u[10 + i];  // log q without its constant
    }
    const double mu = x[0];
    const double tau = std::exp(x[1]);
    loss += 0.5 * mu * mu / 25;
    dx[0] += mu / 25;
    const double r = tau / 5;
    loss += std::log1p(r * r) - x[1];  // with the Jacobian of exp
    dx[1] += 2 * r * r / (1 + r * r) - 1;
    for (std::size_t j = 0; j < 8; ++j) {
      const double z = x[2 + j];
      const double inverse = 1 / kSigma[j];
      const double residual = (kY[j] - mu - tau * z) * inverse;
      loss += 0.5 * z * z + 0.5 * residual * residual;
      dx[2 + j] += z - residual * inverse * tau;
      dx[0] -= residual * inverse;
      dx[1] -= residual * inverse * z * tau;
    }
    for (std::size_t i = 0; i < 10; ++i) {
      g[i] = dx[i];
      g[10 + i] = dx[i] * eps[i] * scale[i] - 1;
    }
    ++t;
    const double c1 = 1 - std::pow(0.9, t);
    const double c2 = std::sqrt(1 - std::pow(0.999, t));
    for (std::size_t i = 0; i < kParameters; ++i) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      u[i] -= 0.01 / c1 * m[i] / (std::sqrt(v[i]) / c2 + 1e-8);
    }
    return loss;
  }
};

void hand_written_step(benchmark::State& state) {
  ByHand hand;
  for (auto _ : state) benchmark::DoNotOptimize(hand.step());
}
BENCHMARK(hand_written_step);

}  // namespace
