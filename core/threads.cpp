#include <ember/core/threads.hpp>

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <ember/core/error.hpp>
#include <ember/core/pieces.hpp>

namespace ember {
namespace {

// The thread that a process begins with has its number, before any static initialisation as well.
bool is_main_thread() { return gettid() == getpid(); }

thread_local int chosen = 0;  // 0: the default

}  // namespace

void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads", std::to_string(n) + " threads", "there is at least one");
  chosen = n;
}

int num_threads() {
  if (chosen == 0) {
    chosen = is_main_thread() ? std::max(omp_get_max_threads(), 1) : 1;
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
