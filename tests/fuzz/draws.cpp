// load_draws: CmdStan's CSV files.
#include <ember/handlers/draws_csv.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ember::Values draws;
  if (!fuzz::is_read([&] { draws = ember::load_draws(fuzz::file_of("input", data, size)); })) {
    return 0;
  }
  const std::string copy = fuzz::file("copy");
  ember::save_draws(copy, draws);
  const ember::Values again = ember::load_draws(copy);
  fuzz::require(again.size() == draws.size(),
                "draws that are saved and read again have other sites");
  for (const auto& [name, values] : draws) {
    fuzz::require(again.contains(name), "a site is gone");
    fuzz::require_same(values, again.at(name), "a site has other draws");
  }
  return 0;
}
