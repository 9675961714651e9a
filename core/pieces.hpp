// Work that several threads may share. It is cut into pieces whose size does not depend on their
// number, and what the pieces sum up is added in order: results are the same to the last bit.
#pragma once

#include <algorithm>

#include <ember/core/pool.hpp>
#include <ember/core/real.hpp>

namespace ember::detail {

/// Below so many nanoseconds of work a second thread costs more than it brings.
inline constexpr Index kWorthThreads = 100'000;
/// Blocks that are one piece of work, summed up by itself.
inline constexpr Index kBlocksPerPiece = 32;

/// How many threads to use for `pieces` pieces that take about so long together.
int threads_for(Index pieces, Index nanoseconds);

/// Calls f(begin, end) for pieces of 0 .. n-1 that may be done in any order; an element takes about
/// so many nanoseconds.
template <class F>
void in_pieces(Index n, Index nanoseconds, F f) {
  constexpr Index kPiece = Index{1} << 14U;
  const Index pieces = (n + kPiece - 1) / kPiece;
  const int threads = pieces < 2 ? 1 : threads_for(pieces, n * nanoseconds);
  if (threads == 1) {
    f(Index{0}, n);
    return;
  }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Index piece = 0; piece < pieces; ++piece) {
    f(piece * kPiece, piece + 1 == pieces ? n : (piece + 1) * kPiece);
  }
}

/// Calls work(block, scratch) for the blocks 0 .. blocks-1, a number of which are one piece, and
/// adds up what the pieces leave in `scratch.sums`. Each thread has a Scratch, which `open` gets
/// ready. All of it takes about so many nanoseconds; 0: it is not to be shared.
template <class Scratch, class Open, class Work>
auto sum_blocks(Index blocks, Index nanoseconds, Open open, Work work) {
  using Sums = decltype(Scratch::sums);
  if (blocks <= kBlocksPerPiece) {
    Scratch scratch;
    open(scratch);
    for (Index block = 0; block < blocks; ++block) work(block, scratch);
    return scratch.sums;
  }
  const Index pieces = (blocks + kBlocksPerPiece - 1) / kBlocksPerPiece;
  PooledVector<Sums> sums(static_cast<std::size_t>(pieces));
  [[maybe_unused]] const int threads = threads_for(pieces, nanoseconds);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    Scratch scratch;
    open(scratch);
#pragma omp for schedule(static)
    for (Index piece = 0; piece < pieces; ++piece) {
      scratch.sums = Sums();
      const Index end = std::min((piece + 1) * kBlocksPerPiece, blocks);
      for (Index block = piece * kBlocksPerPiece; block < end; ++block) work(block, scratch);
      sums[static_cast<std::size_t>(piece)] = scratch.sums;
    }
  }
  Sums total;
  for (const Sums& piece : sums) total += piece;
  return total;
}

}  // namespace ember::detail
