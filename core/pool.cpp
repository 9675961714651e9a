#include <ember/core/pool.hpp>

#include <array>
#include <bit>
#include <utility>

#include <ember/core/memory.hpp>

namespace ember::detail {

namespace {

constexpr std::align_val_t kAlignment{64};

void* from_heap(std::size_t bytes) { return allocate_aligned(bytes, kAlignment); }
void to_heap(void* block) noexcept { ::operator delete(block, kAlignment); }

}  // namespace

// Sanitizers are to see each object come and go.
#ifdef EMBER_HAS_ASAN
void* pool_allocate(std::size_t bytes) { return from_heap(bytes); }
void pool_free(void* block, std::size_t) noexcept { to_heap(block); }
#else
namespace {

// Small blocks in steps of 64 bytes up to 2 KiB, larger ones in powers of two up to 4 MiB. Of these
// a thread keeps no more than 64 MiB.
constexpr std::size_t kStep = 64;
constexpr std::size_t kSmall = 32;
constexpr std::size_t kClasses = kSmall + 11;
constexpr std::size_t kLargeKept = std::size_t{1} << 26U;

struct FreeBlock {
  FreeBlock* next;
};

bool& is_gone() {
  thread_local bool gone = false;
  return gone;
}

struct FreeLists {
  std::array<FreeBlock*, kClasses> heads{};
  std::size_t large_kept = 0;  // bytes
  ~FreeLists() {
    is_gone() = true;
    for (FreeBlock* head : heads) {
      while (head != nullptr) to_heap(std::exchange(head, head->next));
    }
  }
};

FreeLists& free_lists() {
  thread_local FreeLists lists;
  return lists;
}

std::size_t class_of(std::size_t bytes) {
  const std::size_t last = bytes - 1;
  return last < kSmall * kStep ? last / kStep
                               : kSmall + static_cast<std::size_t>(std::bit_width(last)) - 12;
}
std::size_t size_of(std::size_t size_class) {
  return size_class < kSmall ? (size_class + 1) * kStep
                             : std::size_t{1} << (size_class - kSmall + 12);
}

}  // namespace

void* pool_allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses || is_gone()) return from_heap(bytes);
  FreeLists& lists = free_lists();
  FreeBlock*& head = lists.heads[size_class];
  if (head == nullptr) return from_heap(size_of(size_class));
  if (size_class >= kSmall) lists.large_kept -= size_of(size_class);
  return std::exchange(head, head->next);
}

void pool_free(void* block, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses || is_gone()) {
    to_heap(block);
    return;
  }
  FreeLists& lists = free_lists();
  if (size_class >= kSmall) {
    if (lists.large_kept + size_of(size_class) > kLargeKept) {
      to_heap(block);
      return;
    }
    lists.large_kept += size_of(size_class);
  }
  FreeBlock*& head = lists.heads[size_class];
  head = new (block) FreeBlock{head};
}
#endif

}  // namespace ember::detail
