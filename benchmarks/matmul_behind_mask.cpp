// A Categorical of logits that a matmul makes, behind an element mask: one SVI step (AutoNormal,
// Adam) with the matmul waiting until the density says which rows it wants, and the dense way,
// which computes all of it first.
#include <benchmark/benchmark.h>

#include "masks.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kB = 1024, kInner = 8, kE = 64, kC = 10;

struct Data {
  Tensor x = dist::Normal(0, 1).expand({kB, kInner}).sample();
  Tensor y;
  Mask mask;
  explicit Data(double percent) : mask(bench::random_mask({kB, kE}, percent)) {
    const Tensor w = dist::Normal(0, 1).expand({kInner, kE * kC}).sample();
    y = dist::Categorical({.logits = matmul(x, w).reshape({kB, kE, kC})}).sample();
  }
};

void model(const Data& d, bool is_dense) {
  const Tensor w = sample("w", dist::Normal(0, 1).expand({kInner, kE * kC}).to_event(2));
  const Tensor logits = reshape(matmul(d.x, w), {kB, kE, kC});
  if (is_dense) benchmark::DoNotOptimize(logits.data());  // asks for all of it
  sample("y", dist::Categorical({.logits = logits}).mask(d.mask), {.obs = d.y});
}

void step(benchmark::State& state, bool is_dense) {
  param_store().clear();
  set_rng_seed(1);
  const Data data(static_cast<double>(state.range(0)));
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  for (int i = 0; i < 3; ++i) svi.step(data, is_dense);
  for (auto _ : state) benchmark::DoNotOptimize(svi.step(data, is_dense));
}
void ember_step(benchmark::State& state) { step(state, false); }
void dense_step(benchmark::State& state) { step(state, true); }

void percentages(benchmark::internal::Benchmark* b) {
  for (const int kept : {100, 50, 10, 1}) b->Arg(kept);
  b->ArgName("kept")->Unit(benchmark::kMicrosecond);
}
BENCHMARK(ember_step)->Apply(percentages);
BENCHMARK(dense_step)->Apply(percentages);

}  // namespace
