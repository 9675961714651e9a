// Work that several threads may share. It is cut into pieces whose size does not depend on their
// number, and what the pieces sum up is added in order: results are the same to the last bit.
#pragma once

#include <ember/core/real.hpp>

namespace ember::detail {

/// Below so many nanoseconds of work a second thread costs more than it brings.
inline constexpr Index kWorthThreads = 100'000;

/// How many threads to use for `pieces` pieces that take about so long together.
int threads_for(Index pieces, Index nanoseconds);

/// Calls f(begin, end) for pieces of 0 .. n-1 that may be done in any order; an element takes about
/// so many nanoseconds.
template <class F>
void in_pieces(Index n, Index nanoseconds, F f) {
  constexpr Index kPiece = Index{1} << 14U;
  const Index pieces = (n + kPiece - 1) / kPiece;
  const int threads = threads_for(pieces, n * nanoseconds);
  if (threads == 1) {
    f(Index{0}, n);
    return;
  }
#pragma omp parallel for num_threads(threads) schedule(static)
  for (Index piece = 0; piece < pieces; ++piece) {
    f(piece * kPiece, piece + 1 == pieces ? n : (piece + 1) * kPiece);
  }
}

}  // namespace ember::detail
