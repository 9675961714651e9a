// Counts what is taken from the heap, by any thread and any of its doors.
#pragma once

#include <cstdint>

namespace bench {

/// Calls of malloc, calloc, realloc, aligned_alloc, posix_memalign and operator new so far.
std::uint64_t allocations();

}  // namespace bench
