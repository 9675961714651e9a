#include <ember/core/memory.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>

namespace ember::detail {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21U;

std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t{bytes >= 2 * kLargePage ? kLargePage : 64};
}

std::string in_units(std::size_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000; ++unit) value /= 1000;
  return text_of_number(value, 4) + ' ' + kUnits[unit];
}

std::size_t machine_memory() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void too_large(std::size_t bytes) {
  fail("memory",
       in_units(bytes) + " (" + std::to_string(bytes) +
           " bytes) are asked for, and the machine has " + in_units(machine_memory()),
       "make the shape smaller, or subsample a plate");
}

}  // namespace

// The system promises more than it has: who only asks it finds out too late.
void* allocate_aligned(std::size_t bytes, std::align_val_t alignment) {
  constexpr std::size_t kAskedFirst = std::size_t{1} << 30U;
  if (bytes >= kAskedFirst && bytes > machine_memory()) too_large(bytes);
  try {
    return ::operator new(bytes, alignment);
  } catch (const std::bad_alloc&) {
    too_large(bytes);
  }
}

void* allocate_numbers(std::size_t bytes) {
  void* block = allocate_aligned(bytes, alignment_of(bytes));
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
