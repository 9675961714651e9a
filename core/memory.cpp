#include <ember/core/memory.hpp>

#include <sys/mman.h>

#include <new>

namespace ember::detail {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21U;

std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t{bytes >= 2 * kLargePage ? kLargePage : 64};
}

}  // namespace

void* allocate_numbers(std::size_t bytes) {
  void* block = ::operator new(bytes, alignment_of(bytes));
#ifdef MADV_HUGEPAGE
  // A wish: where it is not granted, pages stay small.
  if (bytes >= 2 * kLargePage) madvise(block, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return block;
}

void free_numbers(void* block, std::size_t bytes) noexcept {
  ::operator delete(block, alignment_of(bytes));
}

}  // namespace ember::detail
