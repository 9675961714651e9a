// Draws as a page shows them: intervals.
#include <nlohmann/json.hpp>

#include <algorithm>

#include <ember/core/error.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/report_parts.hpp>
#include <ember/inference/summary.hpp>

namespace ember::inference::report {

using nlohmann::json;

namespace {

// How many elements each site may show, so that all together are kMaxRows at most: the largest
// number that every site may have.
Index fair_share(const Values& draws, Index n) {
  std::vector<Index> sizes;
  for (const auto& [name, values] : draws) sizes.push_back(values.numel() / n);
  std::sort(sizes.begin(), sizes.end());
  Index left = kMaxRows;
  auto sites = static_cast<Index>(sizes.size());
  for (const Index size : sizes) {
    if (size > left / sites) return left / sites;
    left -= size;
    --sites;
  }
  return kMaxRows;
}

const char* kind_of(const std::string& name, const Trace& trace) {
  const Site* site = trace.find(Name(name));
  return site != nullptr ? to_string(site->kind) : "other";
}

// Of a site with observations: what was observed, in the draws' shape; hidden elements are null.
json observed(const Site* site, const Shape& shape, Index rows) {
  const bool is_data = site != nullptr && site->is_observed && site->has_distribution();
  if (!is_data || !(site->value.shape() == shape)) return nullptr;
  json::array_t result(static_cast<std::size_t>(rows));
  for_each_visible(site->value, visible_value(*site), [&](Index i, Real value) {
    if (i < rows) result[static_cast<std::size_t>(i)] = number(static_cast<double>(value));
  });
  return result;
}

json intervals(const Tensor& values, Index n, Index rows) {
  const Tensor first = values.reshape({n, values.numel() / n}).slice(1, 0, rows);
  const Summary all = summary({{"", first}}, {.quantiles = {0.05, 0.25, 0.5, 0.75, 0.95}});
  json result = json::array();
  for (const SummaryRow& row : all.rows()) {
    for (const Real q : row.quantiles) result.push_back(number(static_cast<double>(q)));
  }
  return result;
}

}  // namespace

json draws_content(const Values& draws, const Trace& trace) {
  const Index n = count_of(draws);
  if (n == 0) fail("save_report", "there are 0 draws", "leave .draws out");
  const Index share = fair_share(draws, n);
  json sites = json::array();
  for (const auto& [name, values] : draws) {
    const Shape shape = values.shape().after(1);
    const Index rows = std::min(shape.numel(), share);
    const Site* site = trace.find(Name(name));
    sites.push_back({{"name", name},
                     {"kind", kind_of(name, trace)},
                     {"shape", sizes(shape)},
                     {"total", shape.numel()},
                     {"rows", rows},
                     {"observed", observed(site, shape, rows)},
                     {"intervals", intervals(values, n, rows)}});
  }
  return {{"count", n}, {"sites", std::move(sites)}};
}

}  // namespace ember::inference::report
