#include <ember/core/pool.hpp>

#include <utility>

namespace ember::detail {

// Sanitizers are to see each object come and go.
#ifdef EMBER_HAS_ASAN
void* pool_allocate(std::size_t bytes) { return ::operator new(bytes); }
void pool_free(void* block, std::size_t) noexcept { ::operator delete(block); }
#else
namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = 32;  // up to 2 KiB

struct Block {
  Block* next;
};

bool& is_gone() {
  thread_local bool gone = false;
  return gone;
}

struct FreeLists {
  std::array<Block*, kClasses> heads{};
  ~FreeLists() {
    is_gone() = true;
    for (Block* head : heads) {
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
    }
  }
};

FreeLists& free_lists() {
  thread_local FreeLists lists;
  return lists;
}

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kStep; }

}  // namespace

void* pool_allocate(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses || is_gone()) return ::operator new(bytes);
  Block*& head = free_lists().heads[size_class];
  if (head == nullptr) return ::operator new((size_class + 1) * kStep);
  return std::exchange(head, head->next);
}

void pool_free(void* block, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses || is_gone()) {
    ::operator delete(block);
    return;
  }
  Block*& head = free_lists().heads[size_class];
  head = new (block) Block{head};
}
#endif

}  // namespace ember::detail
