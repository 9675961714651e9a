// Memory for objects, masks and scratch that come and go at every step: freed blocks are kept for
// the next one of their size, so that a step in steady state does not reach the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <ember/core/real.hpp>
#include <ember/core/sanitizer.hpp>

namespace ember::detail {

/// Takes a block of at least `bytes` from this thread's free list, or from the heap. It is aligned
/// to 64 bytes: where vector instructions begin in it, and so how they round, never depends on
/// chance.
void* pool_allocate(std::size_t bytes);
/// Gives a block back to the free list of the thread that calls.
void pool_free(void* block, std::size_t bytes) noexcept;

template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  // NOLINTBEGIN(bugprone-sizeof-expression): T may well be a pointer
  T* allocate(std::size_t n) { return static_cast<T*>(pool_allocate(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) noexcept { pool_free(block, n * sizeof(T)); }
  // NOLINTEND(bugprone-sizeof-expression)
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }
};

template <class T>
using PooledVector = std::vector<T, PoolAllocator<T>>;
/// The bytes of a mask: 0 or 1.
using Bytes = PooledVector<std::uint8_t>;
/// Positions of elements.
using Positions = PooledVector<Index>;

}  // namespace ember::detail
