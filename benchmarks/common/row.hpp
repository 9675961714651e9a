// A row of the table: ember and hand-written loops beside it, on the same data. The name of a
// benchmark is the key of its row, who runs, and the arguments:
//
//     4.normal_loc/hand_blend/n:16384/kept:10/run:1
//
// table.py takes it apart again: where there are several hand-written loops the best one counts.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ember/core/real.hpp>

#include "common/allocations.hpp"

namespace bench {

using Args = std::vector<std::pair<const char*, ember::Index>>;

/// One way to do what a case is about; gives a number, so that nothing is optimised away.
template <class Case>
struct Contestant {
  const char* who;
  double (Case::*run)();
};

/// A case that is made when it is first wanted, and dropped when another one is: the data of one
/// alone are in memory. Making it checks that the contestants agree.
template <class Case>
class Lazy {
 public:
  explicit Lazy(std::function<std::unique_ptr<Case>()> make) : make_(std::move(make)) {}

  Case& get() {
    static std::shared_ptr<Case> current;
    static const void* owner = nullptr;
    if (owner != this) {
      current.reset();
      current = make_();
      current->check();
      owner = this;
    }
    return *current;
  }

 private:
  std::function<std::unique_ptr<Case>()> make_;
};

/// Registers a row. `items` is what the time is divided by where the table speaks of one element.
template <class Case>
void add_row(const std::string& row, const Args& args, double items,
             const std::vector<Contestant<Case>>& contestants,
             std::function<std::unique_ptr<Case>()> make) {
  const auto lazy = std::make_shared<Lazy<Case>>(std::move(make));
  for (const Contestant<Case>& contestant : contestants) {
    std::string name = row + "/" + contestant.who;
    for (const auto& [key, value] : args)
      name += "/" + std::string(key) + ":" + std::to_string(value);
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      Case& c = lazy->get();
      for (auto _ : state) benchmark::DoNotOptimize((c.*contestant.run)());
      // Apart, where nothing but the case itself can take memory.
      const auto runs = std::min<std::int64_t>(state.iterations(), 1000);
      const std::uint64_t before = allocations();
      for (std::int64_t i = 0; i < runs; ++i) benchmark::DoNotOptimize((c.*contestant.run)());
      const std::uint64_t taken = allocations() - before;
      state.counters["allocations"] = static_cast<double>(taken) / static_cast<double>(runs);
      state.counters["items"] = items;
    });
  }
}

}  // namespace bench
