// Blocks of the elements that count: what kernels work on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <ember/core/mask_bytes.hpp>

namespace ember::detail {

/// The elements of a block: neighbours from `begin` on, or those of a list.
struct ElementBlock {
  Index begin;
  const Index* list;  // null: neighbours
  Index n;
  const std::uint8_t* kept;  // null: all of them count
  Index coming = 0;          // how many elements of the list stand behind these

  Index operator[](Index i) const { return list != nullptr ? list[i] : begin + i; }
};

/// The sum of those of a block's numbers that count.
inline Real sum_of(const Real* x, const ElementBlock& block) {
  Real sum = 0;
  if (block.kept == nullptr) {
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < block.n; ++i) sum += x[i];
  } else {
    const std::uint8_t* kept = block.kept;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < block.n; ++i) sum += kept_or_zero(kept[i], x[i]);
  }
  return sum;
}

/// Brings the numbers at n places of a list together, and takes them back. (Unrolled: g++ does not
/// by itself, and a density along a list would take a tenth longer.)
inline void gather(const Real* from, const Index* at, Index n, Real* to) {
#pragma GCC unroll 4
  for (Index i = 0; i < n; ++i) to[i] = from[at[i]];
}
inline void scatter(const Real* from, const Index* at, Index n, Real* to) {
#pragma GCC unroll 4
  for (Index i = 0; i < n; ++i) to[at[i]] = from[i];
}

/// Asks for the lines of memory behind those of a block of neighbours. A block is a page of memory:
/// the processor's own guesses end there, and begin anew with each.
inline void prefetch_next(const Real* numbers, const ElementBlock& block) {
  constexpr Index kLine = 64 / sizeof(Real);
  const auto next = reinterpret_cast<std::uintptr_t>(numbers + block.begin + block.n);
  for (Index i = 0; i < block.n; i += kLine) {
    const std::uintptr_t line = next + static_cast<std::size_t>(i) * sizeof(Real);
    // It may lie behind the array, where no pointer is to be computed.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    __builtin_prefetch(reinterpret_cast<const void*>(line), 0, 2);
  }
}
/// Whether so many numbers come from further away than the second cache.
inline bool comes_from_afar(Index numel) { return numel >= Index{1} << 16U; }

/// Of a list in blocks of so many: what a block of 512 strewn elements touches is more than the
/// first cache has room for (measured: 1.6 times as long).
inline constexpr Index kListed = 128;

/// All blocks of `length` or fewer elements: run by run where a mask has long ones, along the list
/// of what it keeps, or where they stand.
class ElementBlocks {
 public:
  ElementBlocks(Index numel, const MaskBytes* mask, bool along_list, Index length)
      : length_(length), count_(numel), mask_(mask) {
    if (mask == nullptr) return;
    if (length == kBlock) runs_ = mask->runs();
    if (!runs_.empty() || along_list) count_ = mask->kept();
    if (!runs_.empty()) return;
    if (along_list) {
      list_ = mask->positions().data();
      length_ = std::min(length, kListed);
    } else {
      counts_ = mask->block_counts().data();
    }
  }

  Index size() const {
    return runs_.empty() ? (count_ + length_ - 1) / length_ : std::ssize(runs_);
  }
  Index elements() const { return count_; }

  /// Calls f(block) unless nothing of block number b counts.
  template <class F>
  void visit(Index b, F&& f) const {
    if (!runs_.empty()) {
      const MaskBytes::Run& run = runs_[static_cast<std::size_t>(b)];
      return f(ElementBlock{run.begin, nullptr, run.n, nullptr});
    }
    const Index begin = b * length_;
    const Index n = std::min(length_, count_ - begin);
    if (list_ != nullptr) {
      const Index* here = list_ + begin;
      const bool neighbours = here[n - 1] - here[0] == n - 1;
      f(ElementBlock{here[0], neighbours ? nullptr : here, n, nullptr, count_ - begin - n});
    } else if (counts_ == nullptr || counts_[b] == n) {
      f(ElementBlock{begin, nullptr, n, nullptr});
    } else if (counts_[b] > 0) {
      f(ElementBlock{begin, nullptr, n, mask_->data() + begin});
    }
  }

 private:
  Index length_, count_;
  const MaskBytes* mask_;
  std::span<const MaskBytes::Run> runs_;
  const Index* list_ = nullptr;
  const std::int32_t* counts_ = nullptr;  // where there are some: length is kBlock
};

}  // namespace ember::detail
