// The main function of all benchmark programs: runs them, and measures the throughput of exp, which
// tells how fast the machine is today.
#include <benchmark/benchmark.h>

#include <array>

#include <ember/core/special.hpp>
#include <ember/core/threads.hpp>

namespace {

void exp_throughput(benchmark::State& state) {
  std::array<double, 4096> x, y;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i) * 1e-3 - 2;
  for (auto _ : state) {
#pragma omp simd
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = ember::special::exp(x[i]);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.counters["items"] = static_cast<double>(x.size());
}

}  // namespace

int main(int argc, char** argv) {
  ember::set_num_threads(1);  // but where a row is about threads
  benchmark::RegisterBenchmark("exp/hand", &exp_throughput);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
