// SVI's checkpoints.
#include <ember/core/json.hpp>
#include <ember/ember.hpp>

#include "fuzz.hpp"

using namespace ember;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static inference::SVIEngine svi(std::make_shared<inference::Adam>(inference::Adam({.lr = 0.05})),
                                  inference::TraceELBO());
  const auto state = [] {
    const std::string copy = fuzz::file("copy");
    svi.save(copy);
    return detail::read_file(copy);
  };
  static std::string before = state();
  const std::string input = fuzz::file_of("input", data, size);
  if (!fuzz::is_read([&] { svi.load(input); })) {
    fuzz::require_same(before, state(), "a damaged checkpoint has changed something");
    return 0;
  }
  before = state();
  param_store().clear();
  svi.load(fuzz::file("copy"));
  fuzz::require_same(before, state(), "a checkpoint that is saved and read again is another one");
  return 0;
}
