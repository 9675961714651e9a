// Logistic regression, 10000 x 50, one SVI step (AutoNormal, Adam), beside the hand-written one:
// two passes over the matrix, guide and Adam.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include <ember/core/special.hpp>
#include <ember/ember.hpp>

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kRows = 10'000, kColumns = 50;

struct Data {
  Tensor x = dist::Normal(0, 1).expand({kRows, kColumns}).sample();
  Tensor y;
  Data() {
    const Tensor w = dist::Normal(0, 1).expand({kColumns}).sample();
    y = dist::Bernoulli({.logits = matmul(x, w)}).sample();
  }
};

void model(const Data& d) {
  const Tensor w = sample("w", dist::Normal(0, 1).expand({kColumns}).to_event(1));
  plate rows("rows", kRows);
  sample("y", dist::Bernoulli({.logits = matmul(d.x, w)}), {.obs = d.y});
}

void ember_step(benchmark::State& state) {
  param_store().clear();
  set_rng_seed(1);
  const Data data;
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  for (int i = 0; i < 20; ++i) svi.step(data);
  for (auto _ : state) benchmark::DoNotOptimize(svi.step(data));
}
BENCHMARK(ember_step)->Unit(benchmark::kMicrosecond);

void hand_written_step(benchmark::State& state) {
  const Data data;
  const Real* x = data.x.data().data();
  const Real* y = data.y.data().data();
  constexpr std::size_t kParameters = 2 * kColumns;
  std::vector<double> u(kParameters), g(kParameters), m(kParameters), v(kParameters);
  std::fill(u.begin() + kColumns, u.end(), std::log(0.1));
  std::vector<Real> logits(kRows), residual(kRows);
  std::mt19937_64 engine(1);
  std::normal_distribution<double> normal;
  int t = 0;
  for (auto _ : state) {
    std::array<double, kColumns> w, eps, dw{};
    double loss = 0;
    for (std::size_t k = 0; k < kColumns; ++k) {
      eps[k] = normal(engine);
      w[k] = u[k] + std::exp(u[kColumns + k]) * eps[k];
      loss += 0.5 * w[k] * w[k] - 0.5 * eps[k] * eps[k] - u[kColumns + k];
    }
    for (Index i = 0; i < kRows; ++i) {
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (Index k = 0; k < kColumns; ++k)
        sum += x[i * kColumns + k] * w[static_cast<std::size_t>(k)];
      logits[static_cast<std::size_t>(i)] = static_cast<Real>(sum);
    }
    Real* l = logits.data();
    Real* r = residual.data();
#pragma omp simd reduction(+ : loss)
    for (Index i = 0; i < kRows; ++i) {
      const double s = y[i] != 0 ? l[i] : -l[i];
      const double e = special::exp(s < 0 ? s : -s);
      loss += special::log1p(e) - (s < 0 ? s : 0);
      const double p = (s < 0 ? 1.0 : e) / (1 + e);  // sigmoid(-s)
      r[i] = static_cast<Real>(y[i] != 0 ? -p : p);
    }
    for (Index i = 0; i < kRows; ++i) {
#pragma omp simd
      for (Index k = 0; k < kColumns; ++k)
        dw[static_cast<std::size_t>(k)] += r[i] * x[i * kColumns + k];
    }
    for (std::size_t k = 0; k < kColumns; ++k) {
      g[k] = dw[k] + w[k];
      g[kColumns + k] = g[k] * eps[k] * std::exp(u[kColumns + k]) - 1;
    }
    ++t;
    const double c1 = 1 - std::pow(0.9, t);
    const double c2 = std::sqrt(1 - std::pow(0.999, t));
#pragma omp simd
    for (std::size_t k = 0; k < kParameters; ++k) {
      m[k] = 0.9 * m[k] + 0.1 * g[k];
      v[k] = 0.999 * v[k] + 0.001 * g[k] * g[k];
      u[k] -= 0.01 / c1 * m[k] / (std::sqrt(v[k]) / c2 + 1e-8);
    }
    benchmark::DoNotOptimize(loss);
  }
}
BENCHMARK(hand_written_step)->Unit(benchmark::kMicrosecond);

}  // namespace
