// libFuzzer's own changes, and in every second input one of ours.
#include <algorithm>

#include "fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, most);
  const std::string text = fuzz::mutated({reinterpret_cast<const char*>(data), size}, seed / 2);
  const std::size_t n = std::min(text.size(), most);
  std::copy_n(text.begin(), n, data);
  return n;
}
