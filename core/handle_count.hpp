// How many handles there are on what a Tensor refers to. Inline: a model's step makes and ends
// hundreds of handles.
#pragma once

#include <atomic>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace ember::detail {

enum class Owner : std::uint8_t { heap, tape };

/// What a Node begins with.
struct HandleCount {
  // Atomic for heap nodes; tape nodes are touched by one thread and use plain loads and stores of
  // it.
  std::atomic<std::int32_t> count{0};
  Owner owner = Owner::heap;
};

/// Whether nobody else can see what this thread does, where the C library knows: an addition that
/// other threads could watch costs ten times one that they can't.
inline bool is_only_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

/// Ends a node of the heap that nobody holds any longer.
void destroy(HandleCount* node) noexcept;

inline void retain(HandleCount* node) noexcept {
  if (node->owner == Owner::tape || is_only_thread()) {
    node->count.store(node->count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  } else {
    node->count.fetch_add(1, std::memory_order_relaxed);
  }
}

inline void release(HandleCount* node) noexcept {
  if (node->owner == Owner::tape) {
    node->count.store(node->count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  } else if (is_only_thread()) {
    const std::int32_t left = node->count.load(std::memory_order_relaxed) - 1;
    node->count.store(left, std::memory_order_relaxed);
    if (left == 0) destroy(node);
  } else if (node->count.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    destroy(node);
  }
}

}  // namespace ember::detail
