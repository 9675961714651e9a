#include <ember/core/csv_cells.hpp>

#include <charconv>

#include <ember/core/error.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {
namespace {

template <class T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class CsvReader {
 public:
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row{{}, line_};
      do {
        row.cells.push_back(text_[at_] == '"' ? quoted(row) : plain(row));
      } while (skip_separator(row));
      skip_line_break();
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool is_line_break() const { return text_[at_] == '\n' || text_[at_] == '\r'; }
  bool ends_cell() const {
    return at_ == text_.size() || text_[at_] == separator_ || is_line_break();
  }

  // A separator at the very end of the text is followed by one more cell, an empty one.
  bool skip_separator(CsvRow& row) {
    if (at_ == text_.size() || text_[at_] != separator_) return false;
    if (++at_ < text_.size()) return true;
    row.cells.emplace_back();
    return false;
  }

  void skip_line_break() {
    if (at_ == text_.size()) return;
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string plain(const CsvRow& row) {
    const std::size_t begin = at_;
    for (; !ends_cell(); ++at_) {
      if (text_[at_] == '"') {
        wrong(row, "a quote stands within a cell that does not begin with one",
              "put the cell in quotes, and double those within");
      }
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string quoted(const CsvRow& row) {
    const std::size_t first_line = line_;
    std::string cell;
    for (++at_; at_ < text_.size();) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ == text_.size() || text_[at_] != '"') {
          if (!ends_cell()) wrong(row, "text follows the closing quote", "double quotes within");
          return cell;
        }
      } else if (is_line_break()) {
        const std::size_t begin = at_;
        skip_line_break();
        cell.append(text_.substr(begin, at_ - begin));
        continue;
      }
      cell += text_[at_++];
    }
    line_ = first_line;
    wrong(row, "a quote is not closed", "double quotes within a quoted cell");
  }

  [[noreturn]] void wrong(const CsvRow& row, const char* what, const char* remedy) const {
    fail(csv_place(line_, row.cells.size() + 1), what, remedy);
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> csv_rows(std::string_view text, char separator) {
  if (separator == '"' || separator == '\n' || separator == '\r') {
    fail("read_csv", "a quote or a line break can't be the separator");
  }
  return CsvReader(text, separator).rows();
}

std::string csv_place(std::size_t line, std::size_t column) {
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string_view trimmed(std::string_view cell) {
  const std::size_t begin = cell.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return cell.substr(begin, cell.find_last_not_of(" \t") + 1 - begin);
}

bool is_number(std::string_view text) { return parsed<double>(text).has_value(); }

std::optional<Real> number_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (const auto whole = parsed<long long>(text)) return exactly(static_cast<long double>(*whole));
  const auto value = parsed<double>(text);
  return value ? std::optional<Real>(static_cast<Real>(*value)) : std::nullopt;
}

}  // namespace ember::detail
