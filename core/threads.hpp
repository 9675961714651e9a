// How many threads kernels may use.
#pragma once

namespace ember {

/// How many threads kernels that this thread calls may use, at least 1; results do not depend on
/// it. The default is what OpenMP offers (the machine's, or OMP_NUM_THREADS) in the main thread,
/// and 1 in all others.
void set_num_threads(int n);
int num_threads();

}  // namespace ember
