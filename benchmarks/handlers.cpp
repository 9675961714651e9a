// What a sample statement costs: at depth 0, with handlers that let it pass, and traced. The value
// is observed and its density is not asked for, so that nothing else is in the time.
#include <benchmark/benchmark.h>

#include <ember/ember.hpp>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr int kSites = 16;  // distinct names, as in a model

class Passes final : public h::Handler {};

template <class Run>
void sites(benchmark::State& state, Run run) {
  const dist::Distribution d = dist::Normal(0, 1);
  const Tensor y = 0.5;
  std::vector<Name> names;
  for (int i = 0; i < kSites; ++i) names.emplace_back("y" + std::to_string(i));
  const auto model = [&] {
    for (const Name name : names) benchmark::DoNotOptimize(sample(name, d, {.obs = y}));
  };
  for (auto _ : state) run(model);
  state.counters["ns_per_site"] = benchmark::Counter(
      kSites * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void ember_handlers(benchmark::State& state) {
  std::vector<Passes> stack(static_cast<std::size_t>(state.range(0)));
  sites(state, [&](auto model) {
    std::vector<std::unique_ptr<detail::Pushed>> pushed;
    for (Passes& handler : stack) pushed.push_back(std::make_unique<detail::Pushed>(handler));
    model();
    while (!pushed.empty()) pushed.pop_back();
  });
}
BENCHMARK(ember_handlers)->ArgName("depth")->Arg(0)->Arg(1)->Arg(8);

void ember_traced(benchmark::State& state) {
  h::TraceHandler tracer;
  sites(state, [&](auto model) {
    const detail::Pushed traced(tracer);
    model();
  });
}
BENCHMARK(ember_traced);

}  // namespace
