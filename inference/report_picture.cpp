#include <ember/inference/report_picture.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ember/handlers/visible_value.hpp>

namespace ember::inference::report {
namespace {

// The cell of a picture that an element of the full grid lies in.
std::size_t cell_of(Index element, const Grid& full, const Grid& picture) {
  const Index row = part_of(element / full.columns, full.rows, picture.rows);
  const Index column = part_of(element % full.columns, full.columns, picture.columns);
  return static_cast<std::size_t>(row * picture.columns + column);
}

// How many indices lie in each of n parts.
std::vector<Index> part_sizes(Index size, Index n) {
  std::vector<Index> sizes(static_cast<std::size_t>(n));
  for (Index i = 0; i < size; ++i) ++sizes[static_cast<std::size_t>(part_of(i, size, n))];
  return sizes;
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
  const auto n = static_cast<std::size_t>(picture.cells());
  if (!mask.bytes()) return std::vector<std::uint8_t>(n, mask.is_none() ? 0 : 255);
  std::vector<Index> kept(n);
  for (const Index i : mask.bytes()->positions()) ++kept[cell_of(i, full, picture)];
  std::vector<std::uint8_t> result;
  result.reserve(n);
  const std::vector<Index> columns = part_sizes(full.columns, picture.columns);
  for (const Index rows : part_sizes(full.rows, picture.rows)) {
    for (const Index in_row : columns) result.push_back(share(kept[result.size()], rows * in_row));
  }
  return result;
}

Levels levels(const Tensor& values, const Mask& visible, const Grid& full, const Grid& picture) {
  const auto n = static_cast<std::size_t>(picture.cells());
  std::vector<double> mean(n);
  std::vector<double> count(n);
  Levels result;
  result.codes.assign(n, kHidden);
  for_each_visible(values, visible, [&](Index element, Real value) {
    const std::size_t cell = cell_of(element, full, picture);
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
