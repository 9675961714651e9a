#include "allocations.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t count = 0;
thread_local std::size_t largest = SIZE_MAX;

}  // namespace

namespace ember::testing {

std::size_t allocations() { return count; }

LargestBlock::LargestBlock(std::size_t bytes) { largest = bytes; }
LargestBlock::~LargestBlock() { largest = SIZE_MAX; }

}  // namespace ember::testing

#if !defined(EMBER_HAS_ASAN) && !defined(EMBER_HAS_TSAN)

void* operator new(std::size_t size) {
  ++count;
  if (size > largest) throw std::bad_alloc();
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  ++count;
  if (size > largest) throw std::bad_alloc();
  const auto step = static_cast<std::size_t>(alignment);
  if (void* block = std::aligned_alloc(step, (size + step - 1) / step * step)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

#endif
