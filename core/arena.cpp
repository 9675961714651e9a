#include <ember/core/arena.hpp>

#include <algorithm>

#include <ember/core/memory.hpp>

namespace ember::detail {
namespace {

constexpr std::size_t kFirstChunk = std::size_t{1} << 16U;
// More than this has a chunk of its own size: what is left over of the last large page is memory
// that nobody uses.
constexpr std::size_t kOwnChunk = std::size_t{1} << 23U;

}  // namespace

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) {
    unpoison(chunk.data, chunk.size);
    free_numbers(chunk.data, chunk.size);
  }
}

std::size_t Arena::reserved() const {
  std::size_t bytes = 0;
  for (const Chunk& chunk : chunks_) bytes += chunk.size;
  return bytes;
}

void Arena::use(std::size_t chunk) {
  chunk_ = chunk;
  data_ = chunks_[chunk].data;
  size_ = chunks_[chunk].size;
  used_ = 0;
}

void Arena::next_chunk(std::size_t bytes) {
  while (chunk_ + 1 < chunks_.size()) {
    const Chunk next = chunks_[chunk_ + 1];
    if (next.size >= bytes || next.size <= kOwnChunk) {
      use(chunk_ + 1);
      if (size_ >= bytes) return;
    } else {
      // Nobody uses what stands behind the chunk in use. If this were kept, requests that grow from
      // step to step would leave one chunk a step behind.
      unpoison(next.data, next.size);
      free_numbers(next.data, next.size);
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(chunk_) + 1);
    }
  }
  const std::size_t grown =
      chunks_.empty() ? kFirstChunk : std::min(2 * chunks_.back().size, kOwnChunk);
  const std::size_t size = bytes > kOwnChunk ? bytes : std::max(bytes, grown);
  auto* data = static_cast<std::byte*>(allocate_numbers(size));
  chunks_.push_back({data, size});
  use(chunks_.size() - 1);
  poison(data, size);
}

void Arena::release(Mark mark) {
  for (std::size_t c = mark.chunk; c < chunks_.size() && c <= chunk_; ++c) {
    const std::size_t from = c == mark.chunk ? mark.used : 0;
    poison(chunks_[c].data + from, chunks_[c].size - from);
  }
  if (!chunks_.empty()) use(mark.chunk);
  used_ = mark.used;
}

}  // namespace ember::detail
