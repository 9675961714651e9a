#include <ember/core/arena.hpp>

#include <algorithm>
#include <ember/core/memory.hpp>
#include <ember/core/sanitizer.hpp>

namespace ember::detail {
namespace {

constexpr std::size_t kFirstChunk = std::size_t{1} << 16U;

}  // namespace

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) {
    unpoison(chunk.data, chunk.size);
    free_numbers(chunk.data, chunk.size);
  }
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t alignment = bytes >= 32 ? 64 : 16;
  std::size_t begin = (used_ + alignment - 1) & ~(alignment - 1);
  if (chunks_.empty() || begin + bytes > chunks_[chunk_].size) {
    next_chunk(bytes);
    begin = 0;
  }
  used_ = begin + bytes;
  std::byte* result = chunks_[chunk_].data + begin;
  unpoison(result, bytes);
  return result;
}

void Arena::next_chunk(std::size_t bytes) {
  while (chunk_ + 1 < chunks_.size()) {
    ++chunk_;
    if (chunks_[chunk_].size >= bytes) return;
  }
  const std::size_t size =
      std::max({bytes, kFirstChunk, chunks_.empty() ? 0 : 2 * chunks_.back().size});
  auto* data = static_cast<std::byte*>(allocate_numbers(size));
  chunks_.push_back({data, size});
  chunk_ = chunks_.size() - 1;
  poison(data, size);
}

void Arena::release(Mark mark) {
  for (std::size_t c = mark.chunk; c < chunks_.size() && c <= chunk_; ++c) {
    const std::size_t from = c == mark.chunk ? mark.used : 0;
    poison(chunks_[c].data + from, chunks_[c].size - from);
  }
  chunk_ = mark.chunk;
  used_ = mark.used;
}

}  // namespace ember::detail
