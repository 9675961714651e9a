// Files that need more memory than there is: an Error that names the file.
#include <sys/resource.h>
#include <sys/wait.h>
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

constexpr Index kNumbers = 200'000;

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

// Of this process, in bytes.
std::size_t address_space() {
  const std::string sizes = detail::read_file("/proc/self/statm");
  return std::stoul(sizes) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("a load that runs out of memory is an error") {
  if (!ember::testing::kCountsAllocations) return;  // sanitizers reserve more than any limit
  const std::string file =
      (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".large"))
          .string();
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    kind.save(file);
    // Wherever it happens: from too little for the file's text to nearly enough for everything.
    int failed = 0;
    for (std::size_t room = 1U << 18U; room <= 1U << 26U; room *= 2) {
      INFO(room);
      const pid_t pid = fork();
      if (pid == 0) {
        const std::size_t most = address_space() + room;
        const rlimit limit{most, most};
        setrlimit(RLIMIT_AS, &limit);
        int result = 0;
        try {
          kind.load(file);
        } catch (const Error& error) {
          result = has(error.what(), file.c_str()) ? 1 : 2;
        }
        _exit(result);
      }
      int status = 0;
      waitpid(pid, &status, 0);
      REQUIRE(WIFEXITED(status));
      CHECK(WEXITSTATUS(status) <= 1);
      failed += WEXITSTATUS(status);
    }
    CHECK(failed > 0);
  }
  std::filesystem::remove(file);
}
