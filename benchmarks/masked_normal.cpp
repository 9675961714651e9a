// Masked normal density and its gradient by the locations and the scale, beside the best
// hand-written loop for the same mask: all of it and a selection, or a list of the kept positions.
// Elements are kept one by one at random, or in runs of neighbours.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>

#include "masks.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const double kHalfLogTwoPi = 0.5 * std::log(2 * M_PI);

struct Case {
  Index n;
  Tensor y, loc, scale = 1.3;
  Mask mask;
  explicit Case(const benchmark::State& state)
      : n(state.range(0)),
        y(dist::Normal(0, 1).expand({n}).sample()),
        loc(dist::Normal(0, 1).expand({n}).sample()),
        mask(bench::random_mask({n}, static_cast<double>(state.range(1)), state.range(2))) {}
};

void ember_density(benchmark::State& state) {
  const Case c(state);
  std::vector<Tensor> leaves;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench::value_and_adjoints(
        {c.loc, c.scale}, leaves,
        [&](const auto& in) { return dist::Normal(in[0], in[1]).log_prob_sum(c.y, c.mask); }));
  }
}

double dense_loop(const Case& c, Real* gradient, double& gradient_scale) {
  const Real* y = c.y.data().data();
  const Real* loc = c.loc.data().data();
  const auto bytes = c.mask.bytes();
  const double inverse = 1 / c.scale.item();
  const double constant = -std::log(c.scale.item()) - kHalfLogTwoPi;
  double total = 0, total_scale = 0;
  if (bytes == nullptr) {
#pragma omp simd reduction(+ : total, total_scale)
    for (Index i = 0; i < c.n; ++i) {
      const double z = (y[i] - loc[i]) * inverse;
      total += constant - 0.5 * z * z;
      gradient[i] = static_cast<Real>(z * inverse);
      total_scale += (z * z - 1) * inverse;
    }
  } else {
    const std::uint8_t* kept = bytes->data();
#pragma omp simd reduction(+ : total, total_scale)
    for (Index i = 0; i < c.n; ++i) {
      const double z = (y[i] - loc[i]) * inverse;
      total += kept[i] != 0 ? constant - 0.5 * z * z : 0;
      gradient[i] = static_cast<Real>(z * inverse);
      total_scale += kept[i] != 0 ? (z * z - 1) * inverse : 0;
    }
  }
  gradient_scale = total_scale;
  return total;
}

double list_loop(const Case& c, Real* gradient, double& gradient_scale) {
  const Real* y = c.y.data().data();
  const Real* loc = c.loc.data().data();
  const double inverse = 1 / c.scale.item();
  const double constant = -std::log(c.scale.item()) - kHalfLogTwoPi;
  double total = 0, total_scale = 0;
  for (const Index i : c.mask.bytes()->positions()) {
    const double z = (y[i] - loc[i]) * inverse;
    total += constant - 0.5 * z * z;
    gradient[i] = static_cast<Real>(z * inverse);
    total_scale += (z * z - 1) * inverse;
  }
  gradient_scale = total_scale;
  return total;
}

void hand_written_dense(benchmark::State& state) {
  const Case c(state);
  std::vector<Real> gradient(static_cast<std::size_t>(c.n));
  double scale = 0;
  for (auto _ : state) benchmark::DoNotOptimize(dense_loop(c, gradient.data(), scale));
}

void hand_written_list(benchmark::State& state) {
  const Case c(state);
  if (c.mask.bytes() == nullptr) {
    state.SkipWithError("nothing is masked");
    return;
  }
  std::vector<Real> gradient(static_cast<std::size_t>(c.n));
  double scale = 0;
  for (auto _ : state) benchmark::DoNotOptimize(list_loop(c, gradient.data(), scale));
}

void cases(benchmark::internal::Benchmark* b) {
  for (const int n : {1'000'000, 16'384}) {
    for (const int kept : {100, 50, 10, 1}) b->Args({n, kept, 1});
    b->Args({n, 1, 64});
  }
  b->ArgNames({"n", "kept", "run"})->Unit(benchmark::kMicrosecond);
}
BENCHMARK(ember_density)->Apply(cases);
BENCHMARK(hand_written_dense)->Apply(cases);
BENCHMARK(hand_written_list)->Apply(cases);

}  // namespace
