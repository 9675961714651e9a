#include <ember/distributions/cdf_forms.hpp>

#include <algorithm>

namespace ember::distributions {

double smallest_count(double p, const Counts& counts, FunctionRef<double(double)> cdf) {
  const double last = counts.last;
  const auto reaches = [&](double k) { return static_cast<Real>(cdf(k)) >= static_cast<Real>(p); };
  if (!(p >= 0 && p <= 1) || std::isnan(cdf(0))) return special::kNaN;
  if (reaches(0)) return 0;
  if (p == 1) return last;
  // below is never reached, above always; a guess that is NaN is none
  const double guess = counts.mean + counts.deviation * special::normal_quantile(p);
  double step = 1, below = 0, above = std::min(std::max(1.0, std::floor(guess)), last);
  if (reaches(above)) {
    while (above - step > below && reaches(above - step)) {
      above -= step;
      step *= 2;
    }
    below = std::max(below, above - step);
  } else {
    while (!reaches(std::min(above + step, last))) {
      above += step;
      step *= 2;
    }
    below = above;
    above = std::min(above + step, last);
  }
  while (above - below > 1) {
    const double middle = below + std::floor((above - below) / 2);
    if (middle <= below || middle >= above) break;  // neighbours among doubles
    (reaches(middle) ? above : below) = middle;
  }
  return above;
}

}  // namespace ember::distributions
