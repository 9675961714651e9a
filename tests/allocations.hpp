// Counts and limits what this thread takes from the heap, in builds without sanitizers.
#pragma once

#include <ember/core/sanitizer.hpp>

#include <cstddef>

namespace ember::testing {

#if defined(EMBER_HAS_ASAN) || defined(EMBER_HAS_TSAN)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

/// How often this thread has called operator new.
std::size_t allocations();

/// While it lives, operator new has no block of more bytes for this thread.
class LargestBlock {
 public:
  explicit LargestBlock(std::size_t bytes);
  LargestBlock(const LargestBlock&) = delete;
  LargestBlock& operator=(const LargestBlock&) = delete;
  ~LargestBlock();
};

}  // namespace ember::testing
