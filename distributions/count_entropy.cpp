#include <ember/distributions/count_entropy.hpp>

namespace ember::distributions {

WithSlope entropy_of_counts(const Counts& counts, FunctionRef<WithSlope(double)> log_mass) {
  const double middle = std::floor(counts.mean);
  if (!(middle >= 0 && middle < 1e15)) return {special::kNaN, special::kNaN};
  // As sum p = 1 and sum p' = 0: H = -log p(middle) + sum p (log p(middle) - log p), where terms do
  // not take from each other, and H' = sum p' (log p(middle) - log p).
  const double top = log_mass(middle).value;
  double sum = 0, slope = 0, rest = 0;
  for (const double step : {1.0, -1.0}) {
    for (Index i = 1;; ++i) {
      const double k = middle + step * static_cast<double>(i);
      if (!(k >= 0 && k <= counts.last)) break;
      const WithSlope at = log_mass(k);
      const double p = special::exp(at.value);
      if (!(p > 0)) break;  // 0 log 0 is 0
      const double term = p * (top - at.value);
      sum += term;
      rest += p;
      slope += term * at.slope;
      if (at.value < top - 3 && term <= 1e-18 * sum) break;
    }
  }
  // what is nearly sure is known best by what it leaves to the others
  return {sum - (rest < 0.5 ? special::log1p(-rest) : top), slope};
}

}  // namespace ember::distributions
