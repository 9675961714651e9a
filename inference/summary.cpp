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
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/draws.hpp>

namespace ember::inference {
namespace {

constexpr int kMostDecimals = 7;  // beyond these, numbers have exponents

std::string number(double value) { return detail::text_of_number(value, 4); }

std::string_view site_of(std::string_view name) { return name.substr(0, name.find('[')); }

// How many decimals show three digits of a site's largest sd and two of its smallest one; of
// numbers that do not vary, their own.
int decimals_of(std::span<const SummaryRow> rows) {
  constexpr int kNone = std::numeric_limits<int>::min();
  int largest = kNone, smallest = kNone, own = 0;
  for (const SummaryRow& row : rows) {
    const auto sd = static_cast<double>(row.sd);
    if (std::isfinite(sd) && sd > 0) {
      const int zeros = -static_cast<int>(std::floor(std::log10(sd)));
      largest = largest == kNone ? zeros : std::min(largest, zeros);
      smallest = std::max(smallest, zeros);
    }
    const std::string mean = number(static_cast<double>(row.mean));
    const std::size_t point = std::min(mean.find('.'), mean.size() - 1);
    const bool is_tiny = mean.find("e-") != std::string::npos;
    own = std::max(own, is_tiny ? kMostDecimals + 1 : static_cast<int>(mean.size() - 1 - point));
  }
  return largest == kNone ? own : std::max({largest + 2, smallest + 1, 0});
}

std::vector<std::string> cells_of(const SummaryRow& row, int decimals) {
  std::vector<std::string> cells{row.name};
  const auto add = [&](Real value) {
    const auto x = static_cast<double>(value);
    const bool is_plain = decimals <= kMostDecimals && std::abs(x) < 1e15;
    cells.push_back(is_plain ? detail::text_of_decimals(x, decimals) : number(x));
  };
  add(row.mean);
  add(row.sd);
  for (const Real q : row.quantiles) add(q);
  return cells;
}

std::string text_of(const LeftOut& site) {
  return site.site + ": left out " + std::to_string(site.count) + " of " +
         std::to_string(site.total) + (site.total == 1 ? " element" : " elements") +
         ", hidden by a mask or NaN in every draw";
}

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

std::vector<Real> column_of(const Tensor& draws, Index element) {
  const std::span<const Real> all = draws.data();
  const Index n = draws.shape()[0];
  const Index width = draws.shape().after(1).numel();
  std::vector<Real> column;
  for (Index i = 0; i < n; ++i) {
    column.push_back(all[static_cast<std::size_t>(i * width + element)]);
  }
  return column;
}

}  // namespace

Summary summary(const Values& draws, const SummaryOptions& options) {
  return summary(draws, Trace(), options);
}

Summary summary(const Values& draws, const Trace& trace, const SummaryOptions& options) {
  for (double q : options.quantiles) {
    if (!(q >= 0 && q <= 1)) {
      fail("summary", "the quantile " + number(q) + " does not exist", "it is between 0 and 1");
    }
  }
  const Index n = count_of(draws);
  if (n == 0) fail("summary", "there are no draws", "give one or more");
  const std::vector<std::string> names = names_of(draws, trace);
  const std::vector<std::string>& sites = options.sites.empty() ? names : options.sites;
  std::vector<SummaryRow> rows;
  std::vector<LeftOut> left_out;
  for (const std::string& name : sites) {
    if (!draws.contains(name)) {
      fail("summary", "there are no draws of '" + name + "'",
           detail::names_to_choose(name, names, "there are those of "));
    }
    const Tensor& values = draws.at(name);
    const Shape shape = values.shape().after(1);
    const Mask shown = estimated(values, trace.find(Name(name)));
    for_each_visible(values[0], shown, [&](Index k, Real) {
      rows.push_back(
          row_of(name + detail::index_text(k, shape), column_of(values, k), options.quantiles));
    });
    const Index count = shape.numel() - shown.count();
    if (count > 0) left_out.push_back({name, count, shape.numel()});
  }
  return {options.quantiles, std::move(rows), std::move(left_out)};
}

const SummaryRow& Summary::operator[](const std::string& name) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const SummaryRow& row) { return row.name == name; });
  if (found != rows_.end()) return *found;
  for (const LeftOut& one : left_out_) {
    if (one.site == site_of(name))
      fail("summary", "there is no row of '" + name + "'", text_of(one));
  }
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
  table.align_points_from(1);
  for (std::size_t i = 0, end = 0; i < rows_.size(); i = end) {
    while (end < rows_.size() && site_of(rows_[end].name) == site_of(rows_[i].name)) ++end;
    const std::span site(&rows_[i], end - i);
    const int decimals = decimals_of(site);
    for (const SummaryRow& row : site) table.add(cells_of(row, decimals));
  }
  std::string text = table.text();
  for (const LeftOut& site : left_out_) text += text_of(site) + '\n';
  return text;
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) {
  return out << summary.table();
}

}  // namespace ember::inference
