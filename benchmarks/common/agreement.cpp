#include "common/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace bench {

void expect_agreement(const std::string& what, std::span<const double> ember,
                      std::span<const double> hand) {
  if (ember.size() != hand.size()) {
    std::fprintf(stderr, "%s: ember has %zu numbers, the hand-written loop %zu\n", what.c_str(),
                 ember.size(), hand.size());
    std::exit(1);
  }
  double size = 0;
  for (const double x : hand) size += std::abs(x) / static_cast<double>(hand.size());
  for (std::size_t i = 0; i < hand.size(); ++i) {
    // the negation catches NaN
    if (!(std::abs(ember[i] - hand[i]) <= 1e-9 * std::max(std::abs(hand[i]), size))) {
      std::fprintf(stderr, "%s: number %zu is %.17g in ember, %.17g in the hand-written loop\n",
                   what.c_str(), i, ember[i], hand[i]);
      std::exit(1);
    }
  }
}

}  // namespace bench
