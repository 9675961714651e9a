// What all fuzzers share. Each target is one function over the bytes of a file: it runs in
// libFuzzer (CMake option EMBER_BUILD_FUZZERS), and over the kept corpus and its mutations in
// driver.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ember/core/error.hpp>
#include <ember/core/tensor.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// A file of this process, of which `name` is a part: in memory where there is such a folder.
std::string file(const char* name);
/// Makes that file hold these bytes.
std::string file_of(const char* name, const std::uint8_t* data, std::size_t size);

/// Ends the process unless `good`, which is what a fuzzer calls a finding.
void require(bool good, std::string_view what);
void require_same(const std::string& a, const std::string& b, std::string_view what);
/// The same shape, and the same bits or NaN everywhere.
void require_same(const ember::Tensor& a, const ember::Tensor& b, std::string_view what);

/// Whether f ends without an Error; anything else that it throws is a finding.
template <class F>
bool is_read(F&& f) {
  try {
    f();
    return true;
  } catch (const ember::Error&) {
    return false;
  }
}

/// Changes one thing of a text: bytes, or, in a JSON document, members, numbers and texts. The same
/// seed, the same change.
std::string mutated(const std::string& text, std::uint64_t seed);

}  // namespace fuzz
