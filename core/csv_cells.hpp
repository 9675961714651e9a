// The cells of a CSV text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ember/core/real.hpp>

namespace ember::detail {

/// A record, and the line of the text where it begins (the first is 1).
struct CsvRow {
  std::vector<std::string> cells;
  std::size_t line;
  bool is_empty_line = false;  // nothing stands there, not even quotes
};

/// The records of a text, which is UTF-8. An error names line and column ("line 3, column 2").
std::vector<CsvRow> csv_rows(std::string_view text, char separator);

/// "line 3, column 2".
std::string csv_place(std::size_t line, std::size_t column);

/// Without spaces and tabs around it.
std::string_view trimmed(std::string_view cell);
bool is_number(std::string_view text);
/// The number that a text is, if it is one. One that Real can't hold is an error.
std::optional<Real> number_of(std::string_view text);

}  // namespace ember::detail
