#include <ember/core/read_csv.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <unordered_set>

#include <ember/core/csv_cells.hpp>
#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>

namespace ember {
namespace {

using detail::CsvRow;
using detail::trimmed;

// One column on its way from cells to numbers.
struct Column {
  const std::vector<CsvRow>& rows;
  std::size_t position;
  const std::string& name;
  const CsvOptions& options;

  std::string_view cell(std::size_t row) const { return rows[row].cells[position]; }
  bool is_missing(std::size_t row) const {
    const auto& missing = options.missing;
    return std::find(missing.begin(), missing.end(), trimmed(cell(row))) != missing.end();
  }
  std::string place(std::size_t row) const {
    return detail::csv_place(rows[row].line, position + 1) + " ('" + name + "')";
  }

  bool is_text() const {
    const auto& text = options.text;
    if (std::find(text.begin(), text.end(), name) != text.end()) return true;
    bool some = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (is_missing(i)) continue;
      if (detail::is_number(trimmed(cell(i)))) return false;
      some = true;
    }
    return some;
  }

  std::vector<Real> numbers() const {
    std::vector<Real> numbers(rows.size(), std::numeric_limits<Real>::quiet_NaN());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (is_missing(i)) continue;
      std::optional<Real> number;
      try {
        number = detail::number_of(trimmed(cell(i)));
      } catch (const Error& error) {
        fail(place(i), error.what());
      }
      if (!number) {
        fail(place(i), "'" + std::string(cell(i)) + "' is no number, where other rows have numbers",
             "name the column in .text, or what stands for a missing value in .missing");
      }
      numbers[i] = *number;
    }
    return numbers;
  }

  std::vector<std::string> levels() const {
    std::set<std::string, std::less<>> levels;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_missing(i)) levels.emplace(cell(i));
    }
    return {levels.begin(), levels.end()};
  }

  std::vector<Real> codes(const std::vector<std::string>& levels) const {
    std::vector<Real> codes(rows.size(), std::numeric_limits<Real>::quiet_NaN());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (is_missing(i)) continue;
      const auto level = std::lower_bound(levels.begin(), levels.end(), cell(i));
      codes[i] = static_cast<Real>(level - levels.begin());
    }
    return codes;
  }
};

// Takes the header off the rows, or makes one, and passes over empty lines.
std::vector<std::string> names_of(std::vector<CsvRow>& rows, bool header) {
  const auto is_empty = [](const CsvRow& row) { return row.is_empty_line; };
  const auto first = std::find_if_not(rows.begin(), rows.end(), is_empty);
  if (first == rows.end()) fail("", "has no line");
  const bool is_one_column = first->cells.size() == 1;
  if (header) rows.erase(rows.begin(), first);
  if (!is_one_column) std::erase_if(rows, is_empty);
  std::vector<std::string> names;
  if (header) {
    for (const std::string& cell : rows.front().cells) names.emplace_back(trimmed(cell));
    rows.erase(rows.begin());
  } else {
    for (std::size_t k = 0; k < rows.front().cells.size(); ++k) names.push_back(std::to_string(k));
  }
  std::unordered_set<std::string_view> seen;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (seen.insert(names[k]).second) continue;
    fail("header, column " + std::to_string(k + 1), "a second column is called '" + names[k] + "'",
         "rename it, or give {.header = false} where the first line has data");
  }
  return names;
}

// What a line of one cell may be separated by: "if these are several columns, ...".
std::string separator_hint(const std::vector<CsvRow>& rows) {
  const auto full =
      std::find_if(rows.begin(), rows.end(), [](const CsvRow& r) { return !r.is_empty_line; });
  if (full == rows.end() || full->cells.size() != 1) return "";
  const std::size_t at = full->cells[0].find_first_of(";\t,|");
  if (at == std::string::npos) return "";
  const char separator = full->cells[0][at];
  return "if these are several columns, give {.separator = '" +
         (separator == '\t' ? "\\t" : std::string(1, separator)) + "'}";
}

void check_lengths(const std::vector<CsvRow>& rows, std::size_t columns, const std::string& hint) {
  for (const CsvRow& row : rows) {
    if (row.cells.size() == columns) continue;
    fail(detail::csv_place(row.line, std::min(row.cells.size(), columns) + 1),
         "the row has " + detail::counted(row.cells.size(), "cell") + ", the first one " +
             std::to_string(columns),
         hint.empty() ? "put cells that hold the separator in quotes, or give another .separator"
                      : hint);
  }
}

}  // namespace

const std::vector<std::string>& Table::levels(std::string_view name) const {
  position_of(name);
  const auto found = levels_.find(name);
  if (found != levels_.end()) return found->second;
  fail("file '" + file() + "'", "column '" + std::string(name) + "' has numbers, no levels",
       "name it in .text if its numbers are names");
}

Tensor Table::matrix(const std::vector<std::string>& columns) const {
  if (columns.empty()) return zeros({rows_, 0});
  std::vector<Tensor> vectors;
  for (const std::string& name : columns) vectors.push_back((*this)[name]);
  return stack(vectors, 1);
}

Table read_csv(const std::string& file, const CsvOptions& options) {
  Table table(file);
  detail::reading(file, [&] {
    std::vector<CsvRow> rows = detail::csv_rows(detail::read_file(file), options.separator);
    const std::string hint = separator_hint(rows);
    if (!hint.empty()) table.hint_ = "; " + hint;
    const std::vector<std::string> names = names_of(rows, options.header);
    check_lengths(rows, names.size(), hint);
    for (const std::string& name : options.text) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        fail("", ".text names the column '" + name + "', which is not there",
             detail::names_to_choose(name, names, "the columns are "));
      }
    }
    const Shape shape{rows.size()};
    table.rows_ = static_cast<Index>(rows.size());
    for (std::size_t k = 0; k < names.size(); ++k) {
      const Column column{rows, k, names[k], options};
      if (column.is_text()) {
        const auto& levels = table.levels_[names[k]] = column.levels();
        table.add(names[k], tensor_of(column.codes(levels), shape));
      } else {
        table.add(names[k], tensor_of(column.numbers(), shape));
      }
    }
  });
  return table;
}

}  // namespace ember
