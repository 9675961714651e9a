// load_npy.
#include <ember/core/npy.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ember::Tensor x;
  if (!fuzz::is_read([&] { x = ember::load_npy(fuzz::file_of("input", data, size)); })) return 0;
  const std::string copy = fuzz::file("copy");
  ember::save_npy(copy, x);
  fuzz::require_same(x, ember::load_npy(copy),
                     "an array that is saved and read again is another one");
  return 0;
}
