// Something that is made when it is first asked for, by one of the threads that ask. (That
// std::call_once goes through the system each time it has made something costs a step that makes
// its masks anew a tenth of a microsecond for each.)
#pragma once

#include <atomic>
#include <mutex>

namespace ember::detail {

class Once {
 public:
  /// Calls make() unless somebody has. What it has written is there afterwards.
  template <class Make>
  void operator()(Make make) {
    if (is_made_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(mutex_);
    if (is_made_.load(std::memory_order_relaxed)) return;
    make();
    is_made_.store(true, std::memory_order_release);
  }

 private:
  std::atomic<bool> is_made_ = false;
  std::mutex mutex_;
};

}  // namespace ember::detail
