#include <ember/core/threads.hpp>

#include <omp.h>

#include <algorithm>
#include <string>
#include <thread>

#include <ember/core/error.hpp>
#include <ember/core/pieces.hpp>

namespace ember {
namespace {

// Static initialisation runs in the main thread.
const std::thread::id main_thread = std::this_thread::get_id();
thread_local int chosen = 0;  // 0: the default

}  // namespace

void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads", std::to_string(n) + " threads", "there is at least one");
  chosen = n;
}

int num_threads() {
  if (chosen == 0) {
    chosen = std::this_thread::get_id() == main_thread ? std::max(omp_get_max_threads(), 1) : 1;
  }
  return chosen;
}

namespace detail {

int threads_for(Index pieces, Index nanoseconds) {
  if (nanoseconds < kWorthThreads || pieces < 2) return 1;
  return static_cast<int>(std::min<Index>(num_threads(), pieces));
}

}  // namespace detail
}  // namespace ember
