// Losses as a page shows them.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ember/inference/report_parts.hpp>
#include <ember/inference/report_picture.hpp>

namespace ember::inference::report {

using nlohmann::json;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

json fit_content(const Fit& fit) {
  const auto n = static_cast<Index>(fit.losses.size());
  const Index window = std::clamp<Index>(n / 20, 1, 100);
  const Index stretches = std::min(n, kMaxSteps);
  Fit smoothed = fit;
  smoothed.window = window;
  const std::vector<Real> means = smoothed.moving_mean();
  const auto count = static_cast<std::size_t>(stretches);
  std::vector<double> low(count, kNone), high(count, kNone), mean(count, kNone);
  std::vector<Index> step(count);
  Index not_finite = 0;
  for (Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(part_of(i, n, stretches));
    const double loss = static_cast<double>(fit.losses[static_cast<std::size_t>(i)]);
    step[at] = i + 1;
    mean[at] = static_cast<double>(means[static_cast<std::size_t>(i)]);
    if (!std::isfinite(loss)) {
      ++not_finite;
      continue;
    }
    low[at] = std::fmin(low[at], loss);
    high[at] = std::fmax(high[at], loss);
  }
  const auto list = [](const std::vector<double>& values) {
    json result = json::array();
    for (const double v : values) result.push_back(number(v));
    return result;
  };
  return {{"steps", n},
          {"seconds", number(fit.seconds)},
          {"converged", fit.converged},
          {"window", window},
          {"not_finite", not_finite},
          {"last", number(means.empty() ? kNone : static_cast<double>(means.back()))},
          {"step", step},
          {"low", list(low)},
          {"high", list(high)},
          {"mean", list(mean)}};
}

}  // namespace ember::inference::report
