// Rows of cells as aligned text, for people.
#pragma once

#include <string>
#include <vector>

namespace ember::detail {

class TextTable {
 public:
  enum class Rule : bool { none, below_header };

  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  /// As many cells as the header has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Columns of numbers: their points stand below each other, and their headers end with them.
  void align_points_from(std::size_t column) { numbers_from_ = column; }

  /// Cells padded to the width of their column, two spaces between columns.
  std::string text(Rule rule = Rule::below_header) const;

 private:
  /// With spaces behind numbers that have fewer digits right of the point than others.
  std::vector<std::vector<std::string>> padded() const;

  std::vector<std::vector<std::string>> rows_;
  std::size_t numbers_from_ = static_cast<std::size_t>(-1);
};

}  // namespace ember::detail
