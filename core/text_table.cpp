#include <ember/core/text_table.hpp>

#include <algorithm>

namespace ember::detail {
namespace {

// How many characters a terminal shows: bytes that continue one of UTF-8 are none.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// How long a number is from its point on; nothing of "nan" and "inf".
std::size_t fraction_of(const std::string& number) {
  return number.size() - std::min(number.find_first_of(".e"), number.size());
}

}  // namespace

std::vector<std::vector<std::string>> TextTable::padded() const {
  std::vector<std::vector<std::string>> rows = rows_;
  for (std::size_t c = numbers_from_; c < rows[0].size(); ++c) {
    std::size_t longest = 0;
    for (std::size_t r = 1; r < rows.size(); ++r) {
      longest = std::max(longest, fraction_of(rows[r][c]));
    }
    for (std::size_t r = 1; r < rows.size(); ++r) {
      rows[r][c].append(longest - fraction_of(rows[r][c]), ' ');
    }
  }
  return rows;
}

std::string TextTable::text(Rule rule) const {
  const std::vector<std::vector<std::string>> rows = padded();
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - width_of(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (c >= numbers_from_ ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    if (&row != rows.data() || rule == Rule::none) continue;
    std::size_t total = 0;
    for (std::size_t width : widths) total += width + 2;
    text += std::string(total - 2, '-') + '\n';
  }
  return text;
}

}  // namespace ember::detail
