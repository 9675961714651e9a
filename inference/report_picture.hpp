// Pictures of masks and values: rows x columns of bytes, reduced by area where there are too many.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::inference::report {

struct Grid {
  Index rows = 1, columns = 1;
  Index cells() const { return rows * columns; }
};

/// A shape as rows x columns: without its axes of size 1, the last axis gives the columns.
Grid grid_of(const Shape& shape);
/// A grid of about the same proportions, of at most `limit` cells and kMaxSide rows and columns.
/// Its cell (i, j) stands for the area of the rows [i R/r, (i+1) R/r) and the columns [j C/c, (j+1)
/// C/c) of the R x C that it is made from.
Grid reduced(const Grid& full, Index limit);
inline constexpr Index kMaxSide = 400;

/// In which part (of n) of `size` an index lies.
inline Index part_of(Index index, Index size, Index n) { return ((index + 1) * n - 1) / size; }

/// The share of each area that a mask keeps, in 255ths: 0 and 255 stand for none and all alone.
std::vector<std::uint8_t> shares(const Mask& mask, const Grid& full, const Grid& picture);

/// Codes of a heat map: 0 .. kLevels - 1 from `low` to `high`, and those below.
struct Levels {
  double low = 0, high = 0;
  std::vector<std::uint8_t> codes;
};
inline constexpr int kLevels = 251;
inline constexpr std::uint8_t kMinusInfinity = 252, kPlusInfinity = 253, kNaN = 254, kHidden = 255;
/// The means of what is visible and finite in each area; where nothing is, what stands there.
Levels levels(const Tensor& values, const Mask& visible, const Grid& full, const Grid& picture);

std::string base64(std::span<const std::uint8_t> bytes);

/// {rows, columns, height, width, shares}: of the mask, of the picture, base64.
nlohmann::json picture_of(const Mask& mask, Index limit);

}  // namespace ember::inference::report
