#include <ember/core/csv_cells.hpp>

#include <charconv>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {
namespace {

template <class T>
std::errc parse_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return end == text.data() + text.size() ? error : std::errc::invalid_argument;
}

// The bytes of the character at the front; 0 where they are no UTF-8.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) == 0 ? 0 : 1;
  const std::size_t n = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  const bool is_long = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool is_none = (byte(0) == 0xED && byte(1) > 0x9F) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  return is_long || is_none ? 0 : n;
}

void check_utf8(std::string_view text) {
  for (std::size_t at = 0, n = 0; at < text.size(); at += n) {
    n = character(text.substr(at, 4));
    if (n == 0) fail("byte " + std::to_string(at), "this is no UTF-8 text", "save it as UTF-8");
  }
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
      CsvRow row{{}, line_, is_line_break()};
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
  check_utf8(text);
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

bool is_number(std::string_view text) {
  double value = 0;
  return parse_number(text, value) != std::errc::invalid_argument;
}

std::optional<Real> number_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  long long whole = 0;
  const bool is_whole = parse_number(text, whole) == std::errc();
  if (is_whole && whole != 0) return exactly(static_cast<long double>(whole));
  double value = 0;  // "-0" too
  const std::errc error = parse_number(text, value);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc()) return real_of_text(text, value);
  fail("", "'" + std::string(text.substr(0, 60)) + "' is no number that Real can hold");
}

}  // namespace ember::detail
