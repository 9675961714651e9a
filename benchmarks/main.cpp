// The main function of all benchmark programs: runs them, then prints how ember compares with the
// best hand-written loop of the same arguments, and the throughput of exp, which tells how fast the
// machine is today.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>

#include <ember/core/special.hpp>

namespace {

// Keeps the least time of each benchmark, in ns.
class Reporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.error_occurred || run.run_type != Run::RT_Iteration) continue;
      const double time = run.real_accumulated_time / static_cast<double>(run.iterations) * 1e9;
      const auto [slot, is_new] = least.try_emplace(run.run_name.str(), time);
      if (!is_new) slot->second = std::min(slot->second, time);
    }
  }
  std::map<std::string, double> least;
};

// "ember_density/kept:10" -> "/kept:10"
std::string arguments_of(const std::string& name) {
  const auto slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(slash);
}

void print_ratios(const std::map<std::string, double>& least) {
  std::puts("\nember beside the best hand-written loop (least of all runs):");
  for (const auto& [name, time] : least) {
    if (name.rfind("ember", 0) != 0) continue;
    double best = 0;
    for (const auto& [other, floor] : least) {
      if (other.rfind("hand", 0) != 0 || arguments_of(other) != arguments_of(name)) continue;
      if (best == 0 || floor < best) best = floor;
    }
    if (best > 0) {
      std::printf("  %-44s %12.1f ns  /  %12.1f ns  =  %.2f\n", name.c_str(), time, best,
                  time / best);
    }
  }
}

void exp_throughput(benchmark::State& state) {
  std::array<double, 4096> x, y;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i) * 1e-3 - 2;
  for (auto _ : state) {
#pragma omp simd
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = ember::special::exp(x[i]);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.counters["ns_per_exp"] = benchmark::Counter(
      static_cast<double>(x.size()) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(exp_throughput);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  print_ratios(reporter.least);
  return 0;
}
