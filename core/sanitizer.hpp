// Which sanitizer a build has; tells AddressSanitizer which memory is not to be touched.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define EMBER_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMBER_HAS_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define EMBER_HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EMBER_HAS_TSAN 1
#endif
#endif

#ifdef EMBER_HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace ember::detail {

inline void poison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef EMBER_HAS_ASAN
  ASAN_POISON_MEMORY_REGION(begin, bytes);
#endif
}

inline void unpoison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef EMBER_HAS_ASAN
  ASAN_UNPOISON_MEMORY_REGION(begin, bytes);
#endif
}

}  // namespace ember::detail
