#include <ember/inference/report_picture.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ember::inference::report {
namespace {

// Calls f(element, cell) for all elements of a grid.
template <class F>
void for_each_cell(const Grid& full, const Grid& picture, F f) {
  std::vector<Index> column_of(static_cast<std::size_t>(full.columns));
  for (Index j = 0; j < full.columns; ++j) {
    column_of[static_cast<std::size_t>(j)] = part_of(j, full.columns, picture.columns);
  }
  std::size_t element = 0;
  for (Index i = 0; i < full.rows; ++i) {
    const Index first = part_of(i, full.rows, picture.rows) * picture.columns;
    for (const Index column : column_of) f(element++, static_cast<std::size_t>(first + column));
  }
}

std::uint8_t share(Index kept, Index all) {
  if (kept == 0 || all == 0) return 0;
  if (kept == all) return 255;
  const double exact = 255 * static_cast<double>(kept) / static_cast<double>(all);
  return static_cast<std::uint8_t>(std::clamp(std::lround(exact), 1L, 254L));
}

std::uint8_t code_without_level(Real value) {
  if (std::isnan(value)) return kNaN;
  return value > 0 ? kPlusInfinity : kMinusInfinity;
}

}  // namespace

Grid grid_of(const Shape& shape) {
  Grid grid;
  for (const Index size : shape) {
    if (size == 1) continue;
    grid.rows *= grid.columns;
    grid.columns = size;
  }
  return grid;
}

Grid reduced(const Grid& full, Index limit) {
  const auto side = [](double size) {
    return std::clamp(static_cast<Index>(std::lround(size)), Index{1}, kMaxSide);
  };
  Grid picture{std::min(full.rows, kMaxSide), std::min(full.columns, kMaxSide)};
  // Of two long sides the shorter one keeps its proportion, as far as there is something to see.
  Index& shorter = full.rows < full.columns ? picture.rows : picture.columns;
  if (shorter == kMaxSide) {
    const auto [least, most] = std::minmax(full.rows, full.columns);
    shorter = std::max(kMaxSide * least / most, kMaxSide / 4);
  }
  if (picture.cells() <= limit) return picture;
  const double factor =
      std::sqrt(static_cast<double>(limit) / static_cast<double>(picture.cells()));
  picture.rows = side(static_cast<double>(picture.rows) * factor);
  picture.columns = std::min(side(static_cast<double>(picture.columns) * factor),
                             std::max(limit / picture.rows, Index{1}));
  return picture;
}

std::vector<std::uint8_t> shares(const Mask& mask, const Grid& full, const Grid& picture) {
  const std::vector<std::uint8_t> bytes = mask.to_bytes();
  const auto n = static_cast<std::size_t>(picture.cells());
  std::vector<Index> kept(n), all(n);
  for_each_cell(full, picture, [&](std::size_t element, std::size_t cell) {
    kept[cell] += bytes[element];
    ++all[cell];
  });
  std::vector<std::uint8_t> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = share(kept[i], all[i]);
  return result;
}

Levels levels(std::span<const Real> values, std::span<const std::uint8_t> visible, const Grid& full,
              const Grid& picture) {
  const auto n = static_cast<std::size_t>(picture.cells());
  std::vector<double> mean(n);
  std::vector<double> count(n);
  Levels result;
  result.codes.assign(n, kHidden);
  for_each_cell(full, picture, [&](std::size_t element, std::size_t cell) {
    if (visible[element] == 0) return;
    const Real value = values[element];
    if (!std::isfinite(value)) {
      if (result.codes[cell] != kNaN) result.codes[cell] = code_without_level(value);
      return;
    }
    // A running mean: sums of large values would overflow.
    count[cell] += 1;
    mean[cell] += static_cast<double>(value) / count[cell] - mean[cell] / count[cell];
  });
  result.low = std::numeric_limits<double>::infinity();
  result.high = -result.low;
  for (std::size_t i = 0; i < n; ++i) {
    if (count[i] == 0) continue;
    result.low = std::min(result.low, mean[i]);
    result.high = std::max(result.high, mean[i]);
  }
  if (result.low > result.high) result.low = result.high = 0;
  const double half_range = result.high / 2 - result.low / 2;
  for (std::size_t i = 0; i < n; ++i) {
    if (count[i] == 0) continue;
    const double at = half_range > 0 ? (mean[i] / 2 - result.low / 2) / half_range : 0.5;
    result.codes[i] = static_cast<std::uint8_t>(std::lround(at * (kLevels - 1)));
  }
  return result;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < n ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= n ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

nlohmann::json picture_of(const Mask& mask, Index limit) {
  const Grid full = grid_of(mask.shape());
  const Grid picture = reduced(full, limit);
  return {{"rows", full.rows},
          {"columns", full.columns},
          {"height", picture.rows},
          {"width", picture.columns},
          {"shares", base64(shares(mask, full, picture))}};
}

}  // namespace ember::inference::report
