#include <ember/inference/summary.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include <ember/core/error.hpp>
#include <ember/core/index_text.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/text_table.hpp>

namespace ember::inference {
namespace {

std::string number(double value) { return detail::text_of_number(value, 4); }

// Of ascending numbers.
Real quantile_of(const std::vector<Real>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto weight = static_cast<Real>(place - static_cast<double>(below));
  if (weight == 0) return sorted[below];
  return (1 - weight) * sorted[below] + weight * sorted[below + 1];
}

SummaryRow row_of(std::string name, std::vector<Real> column, const std::vector<double>& qs) {
  SummaryRow row{std::move(name), 0, 0, {}};
  const auto n = static_cast<Real>(column.size());
  // seen from the first draw, so that a number that never changes has its own mean
  for (Real v : column) row.mean += v - column[0];
  row.mean = column[0] + row.mean / n;
  for (Real v : column) row.sd += (v - row.mean) * (v - row.mean);
  row.sd = std::sqrt(row.sd / (n - 1));
  const bool has_nan = std::any_of(column.begin(), column.end(), [](Real v) { return v != v; });
  if (!has_nan) std::sort(column.begin(), column.end());
  for (double q : qs) {
    row.quantiles.push_back(has_nan ? std::numeric_limits<Real>::quiet_NaN()
                                    : quantile_of(column, q));
  }
  return row;
}

}  // namespace

Summary summary(const Values& draws, const SummaryOptions& options) {
  for (double q : options.quantiles) {
    if (!(q >= 0 && q <= 1)) {
      fail("summary", "the quantile " + number(q) + " does not exist", "it is between 0 and 1");
    }
  }
  const Index n = count_of(draws);
  if (n == 0) fail("summary", "there are no draws", "give one or more");
  const std::vector<std::string> names = names_of(draws);
  const std::vector<std::string>& sites = options.sites.empty() ? names : options.sites;
  std::vector<SummaryRow> rows;
  for (const std::string& name : sites) {
    if (!draws.contains(name)) {
      fail("summary", "there are no draws of '" + name + "'",
           detail::names_to_choose(name, names, "there are those of "));
    }
    const Tensor& values = draws.at(name);
    const Shape shape = values.shape().after(1);
    const std::span<const Real> all = values.data();
    const Index width = shape.numel();
    for (Index k = 0; k < width; ++k) {
      std::vector<Real> column;
      for (Index i = 0; i < n; ++i) column.push_back(all[static_cast<std::size_t>(i * width + k)]);
      rows.push_back(
          row_of(name + detail::index_text(k, shape), std::move(column), options.quantiles));
    }
  }
  return {options.quantiles, std::move(rows)};
}

const SummaryRow& Summary::operator[](const std::string& name) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const SummaryRow& row) { return row.name == name; });
  if (found != rows_.end()) return *found;
  std::vector<std::string> names;
  for (const SummaryRow& row : rows_) names.push_back(row.name);
  fail("summary", "there is no '" + name + "'",
       names.empty() ? "it is empty"
                     : detail::did_you_mean(name, names) + "its first name is '" + names[0] + "'");
}

std::string Summary::table() const {
  std::vector<std::string> header{"", "mean", "sd"};
  for (double q : quantiles_) header.push_back(number(100 * q) + "%");
  detail::TextTable table(std::move(header));
  table.align_right_from(1);
  for (const SummaryRow& row : rows_) {
    std::vector<std::string> cells{row.name, number(static_cast<double>(row.mean)),
                                   number(static_cast<double>(row.sd))};
    for (Real q : row.quantiles) cells.push_back(number(static_cast<double>(q)));
    table.add(std::move(cells));
  }
  return table.text();
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) {
  return out << summary.table();
}

}  // namespace ember::inference
