// A bump allocator whose chunks never move: what a recording needs is taken in order and given back
// at once.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

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
  void* allocate(std::size_t bytes);
  template <class T>
  T* allocate_array(std::size_t n) {
    return static_cast<T*>(allocate(n * sizeof(T)));
  }

  Mark mark() const { return {chunk_, used_}; }
  /// Gives back everything taken since the mark. In sanitizer builds it is poisoned.
  void release(Mark mark);

 private:
  struct Chunk {
    std::byte* data;
    std::size_t size;
  };
  void next_chunk(std::size_t bytes);

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
};

}  // namespace ember::detail
