// ParamStore::load.
#include <ember/core/json.hpp>
#include <ember/handlers/param_store.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ember::ParamStore store;
  const std::string input = fuzz::file_of("input", data, size);
  if (!fuzz::is_read([&] { store.load(input); })) {
    fuzz::require(store.names().empty(), "a damaged file has changed the store");
    return 0;
  }
  const std::string copy = fuzz::file("copy");
  const std::string second = fuzz::file("second");
  store.save(copy);
  ember::ParamStore again;
  again.load(copy);
  again.save(second);
  fuzz::require_same(ember::detail::read_file(copy), ember::detail::read_file(second),
                     "a store that is saved and read again is another one");
  return 0;
}
