// Runs a target without libFuzzer: over each file of a corpus, and over changes of it that are the
// same in every run.   TARGET FOLDER [CHANGES OF EACH FILE]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <vector>

#include <ember/core/json.hpp>

#include "fuzz.hpp"

namespace {

void run(const std::string& text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  try {
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  } catch (const std::exception& error) {
    fuzz::require(false, std::string("an exception that is no Error: ") + error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    seeds.push_back(entry.path().string());
  }
  std::sort(seeds.begin(), seeds.end());
  const long changes = argc > 2 ? std::atol(argv[2]) : 500;
  // What is running when the process dies.
  const std::string last = fuzz::file("input");
  long inputs = 0;
  for (const std::string& seed : seeds) {
    const std::string text = ember::detail::read_file(seed);
    run(text);
    ++inputs;
    std::string changed = text;
    for (long i = 0; i < changes; ++i, ++inputs) {
      // a change of the file, or of what the one before has left of it
      changed = fuzz::mutated(i % 4 == 0 ? text : changed, static_cast<std::uint64_t>(i));
      if (changed.size() > 100'000) changed = text;
      run(changed);
    }
  }
  std::printf("%ld inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
