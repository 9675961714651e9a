// read_csv, with and without a header.
#include <charconv>
#include <set>

#include <ember/core/json.hpp>
#include <ember/core/read_csv.hpp>

#include "fuzz.hpp"

using ember::CsvOptions;
using ember::Table;

namespace {

std::string quoted(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

std::string number(ember::Real value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

std::vector<std::string> text_columns(const Table& table) {
  std::vector<std::string> columns;
  for (const std::string& name : table.names()) {
    if (fuzz::is_read([&] { table.levels(name); })) columns.push_back(name);
  }
  return columns;
}

// A file that says the same.
std::string written(const Table& table, const std::vector<std::string>& texts) {
  const std::set<std::string> text_names(texts.begin(), texts.end());
  std::string out;
  for (const std::string& name : table.names()) out += (out.empty() ? "" : ",") + quoted(name);
  out += '\n';
  for (ember::Index row = 0; row < table.rows(); ++row) {
    std::string line;
    bool is_first = true;
    for (const auto& [name, column] : table) {
      const ember::Real value = column.at({row});
      if (!is_first) line += ',';
      is_first = false;
      if (value != value) {
        line += "NA";
      } else {
        line += text_names.contains(name)
                    ? quoted(table.levels(name)[static_cast<std::size_t>(value)])
                    : number(value);
      }
    }
    out += line + '\n';
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input = fuzz::file_of("input", data, size);
  for (const bool header : {true, false}) {
    Table table("");
    if (!fuzz::is_read([&] { table = ember::read_csv(input, {.header = header}); })) continue;
    if (table.size() > 300) continue;  // columns are looked up one by one below
    const std::vector<std::string> texts = text_columns(table);
    const std::string copy = fuzz::file("copy");
    ember::detail::write_file(copy, written(table, texts));
    const Table again = ember::read_csv(copy, {.text = texts});
    fuzz::require(again.rows() == table.rows() && again.names() == table.names(),
                  "a table that is written and read again is another one");
    for (auto a = table.begin(), b = again.begin(); a != table.end(); ++a, ++b) {
      fuzz::require_same(a->second, b->second, "so is a column");
    }
    for (const std::string& name : texts) {
      fuzz::require(table.levels(name) == again.levels(name), "so are its levels");
    }
  }
  return 0;
}
