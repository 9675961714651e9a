// The two numbers of ember: Real for values, Index for positions and sizes.
#pragma once

#include <cstdint>

namespace ember {

#ifdef EMBER_REAL
using Real = EMBER_REAL;
#else
using Real = double;
#endif

using Index = std::int64_t;

}  // namespace ember
