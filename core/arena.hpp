// A bump allocator whose chunks never move: what a recording needs is taken in order and given back
// at once.
#pragma once

#include <cstddef>
#include <vector>

#include <ember/core/sanitizer.hpp>

namespace ember::detail {

class Arena {
 public:
  struct Mark {
    std::size_t chunk = 0;
    std::size_t used = 0;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// Uninitialised memory, aligned to 16 bytes, and to 64 from 32 bytes on: what a vector register
  /// can hold lies the same way in every run, so that sums come out the same to the last bit.
  void* allocate(std::size_t bytes) {
    void* room = take(bytes);
    if (room != nullptr) return room;
    next_chunk(bytes);
    return take(bytes);
  }
  /// The same, or null where the chunk in use has no room for it.
  void* take(std::size_t bytes) {
    const std::size_t alignment = bytes >= 32 ? 64 : 16;
    const std::size_t begin = (used_ + alignment - 1) & ~(alignment - 1);
    if (begin + bytes > size_) return nullptr;
    used_ = begin + bytes;
    std::byte* result = data_ + begin;
    unpoison(result, bytes);
    return result;
  }
  template <class T>
  T* allocate_array(std::size_t n) {
    return static_cast<T*>(
        allocate(n * sizeof(T)));  // NOLINT(bugprone-sizeof-expression): of pointers too
  }

  /// The bytes of all chunks.
  std::size_t reserved() const;

  Mark mark() const { return {chunk_, used_}; }
  /// Gives back everything taken since the mark. In sanitizer builds it is poisoned.
  void release(Mark mark);

 private:
  struct Chunk {
    std::byte* data;
    std::size_t size;
  };
  void next_chunk(std::size_t bytes);
  void use(std::size_t chunk);

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
  std::byte* data_ = nullptr;  // of the chunk in use
  std::size_t size_ = 0;
};

}  // namespace ember::detail
