#include <ember/inference/fit.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>

namespace ember::inference {
namespace {

constexpr const char* kFitSchema = "ember-fit/1";

Fit from_json(const nlohmann::json& file) {
  detail::check_schema(file, kFitSchema);
  detail::check_keys(file, {"schema", "losses", "seconds", "converged", "window"}, "");
  constexpr Index kLongest = Index{1} << 52;
  Fit fit;
  const Tensor losses = tensor_from_json(detail::member(file, "losses", ""), "/losses");
  if (losses.dim() != 1) fail("json /losses", "expected a vector");
  fit.losses.assign(losses.data().begin(), losses.data().end());
  fit.seconds =
      static_cast<double>(real_from_json(detail::member(file, "seconds", ""), "/seconds"));
  fit.converged = detail::bool_from_json(detail::member(file, "converged", ""), "/converged");
  fit.window = detail::count_from_json(detail::member(file, "window", ""), kLongest, "/window");
  if (fit.window == 0) fail("json /window", "it is 1 step or more");
  return fit;
}

}  // namespace

std::vector<Real> Fit::moving_mean() const {
  // each mean anew: a running sum would keep the rounding of a first loss that is huge
  std::vector<Real> means;
  for (auto end = losses.begin(); end != losses.end();) {
    ++end;
    const auto begin = end - std::min<std::ptrdiff_t>(end - losses.begin(), window);
    double total = 0;
    double count = 0;
    for (auto loss = begin; loss != end; ++loss) {
      if (!std::isfinite(*loss)) continue;
      total += static_cast<double>(*loss);
      count += 1;
    }
    // NaN where none of them is finite
    means.push_back(static_cast<Real>(total / count));
  }
  return means;
}

double Fit::relative_change() const {
  const auto width = static_cast<std::ptrdiff_t>(window);
  if (width < 1 || std::ssize(losses) < 2 * width) return std::numeric_limits<double>::quiet_NaN();
  const Real last = std::accumulate(losses.end() - width, losses.end(), Real{0});
  const Real before = std::accumulate(losses.end() - 2 * width, losses.end() - width, Real{0});
  if (last == before) return 0;  // of losses that are all 0 too
  return static_cast<double>(std::abs(last - before) / std::abs(before));
}

void Fit::save(const std::string& file) const {
  const nlohmann::json content{{"schema", kFitSchema},
                               {"losses", to_json(tensor(losses))},
                               {"seconds", to_json(static_cast<Real>(seconds))},
                               {"converged", converged},
                               {"window", window}};
  detail::write_json_file(file, content);
}

Fit Fit::load(const std::string& file) {
  return detail::reading(file, [&] { return from_json(*detail::JsonFile(file)); });
}

}  // namespace ember::inference
