// Row 11: the same work on two threads beside one.
#pragma once

#include <ember/core/threads.hpp>

namespace bench {

template <class F>
double on_two_threads(F f) {
  ember::set_num_threads(2);
  const double result = f();
  ember::set_num_threads(1);
  return result;
}

}  // namespace bench
