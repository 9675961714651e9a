// Row 3: what a handler more on the stack costs a site, and a site that is traced.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <ember/ember.hpp>

#include "common/agreement.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr std::size_t kSites = 8;

// Sees all and does nothing.
struct Passive : h::Handler {
  void process(Message& message) override { seen += message.is_observed ? 1 : 0; }
  void postprocess(Message& message) override { seen += message.is_observed ? 1 : 0; }
  std::size_t seen = 0;
};

class Case {
 public:
  Case(Index depth, bool is_traced)
      : handlers_(static_cast<std::size_t>(depth)), is_traced_(is_traced) {
    for (std::size_t i = 0; i < kSites; ++i) names_.emplace_back("site_" + std::to_string(i));
  }

  double ember() {
    if (!is_traced_) return nested(0);
    const detail::Pushed inside(tracer_);
    return nested(0);
  }

  void check() {
    ember();
    for (const Passive& handler : handlers_) {
      const auto seen = static_cast<double>(handler.seen);
      const double expected = 2 * kSites;
      bench::expect_agreement("3.site, messages", {&seen, 1}, {&expected, 1});
    }
    const auto sites = static_cast<double>(tracer_.get().size());
    const double expected = is_traced_ ? kSites : 0;
    bench::expect_agreement("3.site, sites", {&sites, 1}, {&expected, 1});
  }

 private:
  double nested(std::size_t depth) {
    if (depth < handlers_.size()) {
      const detail::Pushed inside(handlers_[depth]);
      return nested(depth + 1);
    }
    for (const Name name : names_) sample(name, distribution_, {.obs = y_});
    return 0;
  }

  std::vector<Name> names_;
  std::vector<Passive> handlers_;
  h::TraceHandler tracer_;
  bool is_traced_;
  dist::Normal distribution_{0, 1};
  Tensor y_ = 0.3;
};

void add(const char* row, Index depth, bool is_traced) {
  bench::add_row<Case>(row, {{"depth", depth}}, kSites, {{"ember", &Case::ember}},
                       [=] { return std::make_unique<Case>(depth, is_traced); });
}

// The time of a model under many handlers less that under one, taken by turns: the machine's speed
// changes more than what is asked for.
void one_more(benchmark::State& state) {
  constexpr Index kMore = 32;
  Case few(1, false), many(1 + kMore, false);
  few.check();
  many.check();
  using Clock = std::chrono::steady_clock;
  for (auto _ : state) {
    const auto begin = Clock::now();
    few.ember();
    const auto middle = Clock::now();
    many.ember();
    const auto end = Clock::now();
    const std::chrono::duration<double> more = (end - middle) - (middle - begin);
    state.SetIterationTime(std::max(more.count(), 0.0));
  }
  state.counters["items"] = static_cast<double>(kMore * kSites);
}

const bool kAdded = [] {
  benchmark::RegisterBenchmark("3.handler/ember", &one_more)->UseManualTime();
  add("3.site", 0, false);
  add("3.traced_site", 0, true);
  return true;
}();

}  // namespace
