// One function that spreads the bits of a number over all of it: for keys and fingerprints.
#pragma once

#include <cstdint>

namespace ember::detail {

/// The finaliser of SplitMix64 (Steele et al. 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace ember::detail
