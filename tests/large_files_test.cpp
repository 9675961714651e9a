// Files that need more memory than there is: an Error that names the file.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <ember/core/file.hpp>
#include <ember/core/json.hpp>
#include <ember/ember.hpp>

#include "allocations.hpp"
#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace infer = ember::inference;

namespace {

constexpr Index kNumbers = 20'000;

struct Kind {
  const char* name;
  std::function<void(const std::string&)> save, load;
};

const Kind kKinds[] = {
    {"npy", [](const std::string& file) { save_npy(file, zeros({kNumbers})); }, load_npy},
    {"params",
     [](const std::string& file) {
       ParamStore store;
       store.set("x", zeros({kNumbers}));
       store.save(file);
     },
     [](const std::string& file) { ParamStore().load(file); }},
    {"trace",
     [](const std::string& file) {
       handlers::trace([] { deterministic("x", zeros({kNumbers})); }).get_trace().save(file);
     },
     Trace::load},
    {"fit",
     [](const std::string& file) { infer::Fit{.losses = std::vector<Real>(kNumbers)}.save(file); },
     infer::Fit::load},
    {"draws",
     [](const std::string& file) {
       save_draws(file, {{"x", zeros({kNumbers})}});
     },
     load_draws},
    {"csv",
     [](const std::string& file) {
       save_draws(file, {{"x", zeros({kNumbers})}});
     },
     [](const std::string& file) { read_csv(file, {.header = false}); }},
    {"json",
     [](const std::string& file) {
       detail::write_json_file(file, {{"x", std::vector<double>(kNumbers)}});
     },
     read_json},
};

}  // namespace

TEST_CASE("a load that runs out of memory is an error") {
  if (!ember::testing::kCountsAllocations) return;
  const std::string file =
      (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".large"))
          .string();
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    kind.save(file);
    int failed = 0;
    for (std::size_t most = 1U << 11U; most <= 1U << 24U; most *= 2) {
      INFO(most);
      std::string error;
      {
        const ember::testing::LargestBlock limit(most);
        error = error_of([&] { kind.load(file); });
      }
      if (error == "no error") continue;
      ++failed;
      CHECK(has(error, file.c_str()));
    }
    CHECK(failed > 0);
  }
  std::filesystem::remove(file);
}
