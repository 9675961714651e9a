#include <ember/handlers/draws_csv.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <unordered_set>

#include <ember/core/csv_cells.hpp>
#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/core/number_text.hpp>
#include <ember/handlers/trace.hpp>

namespace ember {
namespace {

using detail::CsvRow;

// For each number of a site in column-major order: its place in row-major order and its name.
struct DrawsColumn {
  Index offset;
  std::string name;
};

std::vector<DrawsColumn> columns_of(const std::string& site, const Shape& shape) {
  std::vector<DrawsColumn> columns;
  std::vector<Index> at(shape.rank(), 0);
  for (Index n = shape.numel(); n > 0; --n) {
    DrawsColumn column{0, site};
    for (std::size_t a = 0; a < at.size(); ++a) {
      column.offset = column.offset * shape[a] + at[a];
      column.name += "." + std::to_string(at[a] + 1);
    }
    columns.push_back(std::move(column));
    for (std::size_t a = 0; a < at.size(); ++a) {
      if (++at[a] < shape[a]) break;
      at[a] = 0;
    }
  }
  return columns;
}

// Why a site's name can't be that of a column; "" where it can.
std::string fault_of(const std::string& name) {
  const std::size_t bad = name.find_first_of(".,\"#\n\r");
  if (bad != std::string::npos) return std::string(": it has a '") + name[bad] + "'";
  if (name.empty() || detail::trimmed(name) != name) return ": it is empty or has spaces around it";
  return name.ends_with("__") ? ": those that end in __ are the sampler's" : "";
}

void check_name(const std::string& name) {
  if (const std::string fault = fault_of(name); !fault.empty()) {
    fail("site '" + name + "'", "its name can't be that of a column" + fault,
         "dots separate indices; rename the site");
  }
}

// One column of a file that is read.
struct Read {
  std::string site;
  std::vector<Index> index;  // from 0
  std::size_t position;
};

Read read_name(const std::string& cell, std::size_t position) {
  Read read{cell.substr(0, cell.find('.')), {}, position};
  if (const std::string fault = fault_of(read.site); !fault.empty()) {
    fail("header, column " + std::to_string(position + 1),
         "'" + read.site + "' is no name of a site" + fault);
  }
  std::size_t at = read.site.size();
  while (at < cell.size()) {
    Index index = 0;
    const char* begin = cell.data() + at + 1;
    const auto [end, error] = std::from_chars(begin, cell.data() + cell.size(), index);
    const auto next = static_cast<std::size_t>(end - cell.data());
    const bool goes_on = next == cell.size() || cell[next] == '.';
    if (error != std::errc() || index < 1 || !goes_on || read.index.size() == kMaxRank - 1) {
      fail("header, column " + std::to_string(position + 1),
           "'" + cell + "' is no name with indices", "like theta.1.2");
    }
    read.index.push_back(index - 1);
    at = next;
  }
  return read;
}

// The shape that the indices of a site's columns fill.
Shape shape_of(const std::vector<Read>& columns) {
  const std::string& site = columns[0].site;
  std::vector<Index> sizes(columns[0].index.size(), 0);
  for (const Read& column : columns) {
    if (column.index.size() != sizes.size()) {
      fail("header", "'" + site + "' has columns with different numbers of indices");
    }
    for (std::size_t a = 0; a < sizes.size(); ++a) {
      sizes[a] = std::max(sizes[a], column.index[a] + 1);
      if (sizes[a] > std::ssize(columns)) {
        fail("header", "'" + site + "' has an index " + std::to_string(sizes[a]) + ", and only " +
                           detail::counted(columns.size(), "column"));
      }
    }
  }
  const Shape shape(sizes);
  if (shape.numel() != std::ssize(columns)) {
    fail("header", "'" + site + "' has " + detail::counted(columns.size(), "column") +
                       ", and indices up to " + to_string(shape));
  }
  return shape;
}

Real cell_number(const CsvRow& row, std::size_t position) {
  const std::string_view cell = detail::trimmed(row.cells[position]);
  try {
    if (const auto number = detail::number_of(cell)) return *number;
  } catch (const Error& error) {
    fail(detail::csv_place(row.line, position + 1), error.what());
  }
  fail(detail::csv_place(row.line, position + 1), "'" + std::string(cell) + "' is no number");
}

Tensor values_of(const std::vector<Read>& columns, std::span<const CsvRow> rows) {
  const Shape shape = shape_of(columns);
  const auto width = static_cast<std::size_t>(shape.numel());
  std::vector<Real> values(rows.size() * width);
  std::vector<bool> is_given(width);
  for (const Read& column : columns) {
    Index offset = 0;
    for (std::size_t a = 0; a < column.index.size(); ++a) {
      offset = offset * shape[a] + column.index[a];
    }
    const auto at = static_cast<std::size_t>(offset);
    if (is_given[at]) {  // "x.1" and "x.01", while another one is missing
      fail("header, column " + std::to_string(column.position + 1),
           "'" + column.site + "' has a second column of the same indices");
    }
    is_given[at] = true;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      values[r * width + at] = cell_number(rows[r], column.position);
    }
  }
  return tensor(values, concatenate(Shape{rows.size()}, shape));
}

// Comments ("# ...": "#NUM!" is a damaged cell) become empty lines, so that the others keep their
// numbers.
std::string without_comments(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const bool is_comment =
        text[at] == '#' &&
        (at + 1 >= end || std::isspace(static_cast<unsigned char>(text[at + 1])) != 0);
    if (!is_comment) result.append(text, at, end - at);
    result += '\n';
    at = end + 1;
  }
  return result;
}

Values parse_draws(const std::string& text) {
  std::vector<CsvRow> rows = detail::csv_rows(without_comments(text), ',');
  if (!text.empty() && text.back() != '\n') {
    fail("", "it ends within a line", "is it whole? The last line needs a line break too");
  }
  std::erase_if(rows, [](const CsvRow& row) { return row.is_empty_line; });
  if (rows.empty()) fail("", "has no header");
  std::map<std::string, std::vector<Read>> sites;
  std::unordered_set<std::string> seen;
  const std::vector<std::string>& header = rows[0].cells;
  for (std::size_t k = 0; k < header.size(); ++k) {
    const std::string cell(detail::trimmed(header[k]));
    if (cell.empty()) fail("header, column " + std::to_string(k + 1), "has no name");
    if (cell.ends_with("__")) continue;
    if (!seen.insert(cell).second) {
      fail("header, column " + std::to_string(k + 1), "a second column is called '" + cell + "'");
    }
    const Read read = read_name(cell, k);
    sites[read.site].push_back(read);
  }
  for (const CsvRow& row : rows) {
    if (row.cells.size() == header.size()) continue;
    fail(detail::csv_place(row.line, std::min(row.cells.size(), header.size()) + 1),
         "the row has " + detail::counted(row.cells.size(), "cell") + ", the header " +
             std::to_string(header.size()),
         "is the file whole?");
  }
  if (sites.empty()) fail("header", "has no column of a site");
  Values draws;
  for (const auto& [site, columns] : sites) {
    draws[site] = values_of(columns, std::span(rows).subspan(1));
  }
  return draws;
}

}  // namespace

void save_draws(const std::string& file, const Values& draws, const Tensor& log_density) {
  const Index n = count_of(draws);
  if (log_density.defined() && !(log_density.shape() == Shape{n})) {
    fail("save_draws",
         "log_density has shape " + to_string(log_density.shape()) + " for " +
             detail::counted(n, "draw"),
         "give one number a draw");
  }
  std::string text =
      "# model = ember\n# method = sample (Default)\n#   sample\n#     num_samples = " +
      std::to_string(n) +
      "\n#     num_warmup = 0\n#     save_warmup = 0\n#     thin = 1\n# id = 1\nlp__";
  std::vector<std::vector<DrawsColumn>> columns;
  for (const auto& [name, values] : draws) {
    check_name(name);
    columns.push_back(columns_of(name, values.shape().after(1)));
    for (const DrawsColumn& column : columns.back()) text += "," + column.name;
  }
  text += '\n';
  for (Index i = 0; i < n; ++i) {
    text += log_density.defined() ? detail::shortest_text(log_density.at({i})) : "0";
    auto site = columns.begin();
    for (const auto& [name, values] : draws) {
      const auto width = std::ssize(*site);
      for (const DrawsColumn& column : *site) {
        text += "," + detail::shortest_text(
                          values.data()[static_cast<std::size_t>(i * width + column.offset)]);
      }
      ++site;
    }
    text += '\n';
  }
  detail::write_file(file, text);
}

Values load_draws(const std::string& file) {
  return detail::reading(file, [&] { return parse_draws(detail::read_file(file)); });
}

void Trace::to_csv(const std::string& file) const {
  Values row;
  for (const Site& site : sites_) {
    if (site.kind != SiteKind::latent && site.kind != SiteKind::deterministic) continue;
    row[site.name.str()] = site.value.reshape(concatenate(Shape{1}, site.value.shape()));
  }
  if (row.empty()) fail("Trace::to_csv", "the trace has no latent or deterministic site");
  save_draws(file, row, log_prob_sum().reshape({1}));
}

}  // namespace ember
