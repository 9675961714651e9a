// Values as a page shows them.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/json.hpp>
#include <ember/core/number_text.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/report_parts.hpp>
#include <ember/inference/report_picture.hpp>

namespace ember::inference::report {

using nlohmann::json;

namespace {

constexpr Index kMaxVector = 100;  // numbers that are shown one by one
constexpr double kMaxWholes = 60;  // whole numbers that have bins of their own

json statistics(std::vector<double>& finite) {
  const auto n = static_cast<double>(finite.size());
  double mean = 0;
  for (const double v : finite) mean += v / n;
  double squares = 0;
  for (const double v : finite) squares += (v - mean) * (v - mean);
  const auto middle = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() / 2);
  std::nth_element(finite.begin(), middle, finite.end());
  double median = *middle;
  if (finite.size() % 2 == 0) median = median / 2 + *std::max_element(finite.begin(), middle) / 2;
  const auto [low, high] = std::minmax_element(finite.begin(), finite.end());
  // What is left where numbers cancel is none of theirs.
  const double noise = 1e-14 * std::max(std::abs(*low), std::abs(*high));
  const auto middling = [&](double v) { return number(std::abs(v) < noise ? 0 : v); };
  json result{{"mean", middling(mean)},
              {"median", middling(median)},
              {"min", number(*low)},
              {"max", number(*high)}};
  if (finite.size() > 1) result["sd"] = number(std::sqrt(squares / (n - 1)));
  return result;
}

// Hidden elements are null: what stands there is nobody's business.
json numbers(const Tensor& values, const Mask& visible) {
  json::array_t list(static_cast<std::size_t>(values.numel()));
  for_each_visible(values, visible, [&](Index i, Real value) {
    list[static_cast<std::size_t>(i)] = number(static_cast<double>(value));
  });
  return list;
}

json grid_content(const Tensor& values, const Mask& visible, const Grid& full, Index limit) {
  json result{{"rows", full.rows}, {"columns", full.columns}};
  // A number takes ten times the room of a level.
  if (full.cells() <= limit / 8 && full.rows <= kMaxSide && full.columns <= kMaxSide) {
    result["numbers"] = numbers(values, visible);
    return result;
  }
  const Grid picture = reduced(full, limit);
  const Levels map = levels(values, visible, full, picture);
  result["height"] = picture.rows;
  result["width"] = picture.columns;
  result["low"] = number(map.low);
  result["high"] = number(map.high);
  result["levels"] = base64(map.codes);
  return result;
}

}  // namespace

json number(double value) {
  if (!std::isfinite(value)) return ember::to_json(static_cast<Real>(value));
  if (value == std::trunc(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return detail::rounded(value, 7);
}

json sizes(const Shape& shape) { return ember::to_json(shape); }

json histogram(std::span<const double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  double from = *low;
  double to = *high;
  const bool whole =
      to - from < kMaxWholes &&
      std::all_of(values.begin(), values.end(), [](double v) { return v == std::trunc(v); });
  auto bins = static_cast<std::size_t>(
      std::clamp(std::sqrt(static_cast<double>(values.size())), 10.0, 60.0));
  if (whole) {
    bins = static_cast<std::size_t>(to - from) + 1;
    from -= 0.5;
    to += 0.5;
  } else if (from == to) {
    bins = 1;
  }
  std::vector<Index> counts(bins);
  const double half_range = to / 2 - from / 2;
  for (const double v : values) {
    const double at = half_range > 0 ? (v / 2 - from / 2) / half_range : 0;
    const auto bin = static_cast<std::size_t>(at * static_cast<double>(bins));
    ++counts[std::min(bin, bins - 1)];
  }
  return {{"low", number(from)}, {"high", number(to)}, {"whole", whole}, {"counts", counts}};
}

json values_content(const Tensor& values, const Mask& visible, Index limit) {
  std::vector<double> finite;
  Index shown = 0;
  for_each_visible(values, visible, [&](Index, Real value) {
    ++shown;
    if (std::isfinite(value)) finite.push_back(static_cast<double>(value));
  });
  json result{{"shape", sizes(values.shape())},
              {"visible", shown},
              {"not_finite", shown - static_cast<Index>(finite.size())}};
  const Grid full = grid_of(values.shape());
  const bool many = values.numel() > kMaxVector;
  if (values.numel() == 0) {
    result["form"] = "empty";
  } else if (values.numel() == 1) {
    result["form"] = "number";
    result["number"] = numbers(values, visible)[0];
  } else if (full.rows > 1) {
    result["form"] = "grid";
    result["grid"] = grid_content(values, visible, full, limit);
  } else if (many) {
    result["form"] = "histogram";
  } else {
    result["form"] = "vector";
    result["numbers"] = numbers(values, visible);
  }
  if (!finite.empty() && (many || full.rows > 1)) result["histogram"] = histogram(finite);
  if (!finite.empty() && values.numel() > 1) result["statistics"] = statistics(finite);
  return result;
}

}  // namespace ember::inference::report
