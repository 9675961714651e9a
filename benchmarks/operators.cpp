// What an operator costs where there is next to nothing to compute: a product of scalars and of 8
// numbers, forward and backward, as a link of a long chain.
#include <benchmark/benchmark.h>

#include "masks.hpp"

using namespace ember;

namespace {

constexpr int kLinks = 1000;

void chain(benchmark::State& state, const Tensor& x) {
  std::vector<Tensor> leaves;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench::value_and_adjoints({x}, leaves, [](const auto& in) {
      Tensor y = in[0];
      for (int i = 0; i < kLinks; ++i) y = y * in[0];
      return sum(y);
    }));
  }
  state.counters["ns_per_operator"] = benchmark::Counter(
      kLinks * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void ember_scalar(benchmark::State& state) { chain(state, Tensor(1.0)); }
void ember_8_numbers(benchmark::State& state) { chain(state, ones({8})); }
BENCHMARK(ember_scalar)->Unit(benchmark::kMicrosecond);
BENCHMARK(ember_8_numbers)->Unit(benchmark::kMicrosecond);

}  // namespace
