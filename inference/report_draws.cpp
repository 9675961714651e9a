// Draws as a page shows them: intervals.
#include <nlohmann/json.hpp>

#include <algorithm>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/report_parts.hpp>
#include <ember/inference/summary.hpp>

namespace ember::inference::report {

using nlohmann::json;

namespace {

// How many elements each site may show, so that all together are kMaxRows at most: the largest
// number that every site may have, given how many each has.
Index fair_share(std::vector<Index> sizes) {
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

// A site's draws, and the elements of which they are estimates.
struct Drawn {
  std::string name;
  const Tensor& values;
  const Site* site;  // null where the trace has none
  Shape shape;       // of a draw
  detail::Positions elements;

  Drawn(const std::string& of, const Tensor& draws, const Trace& trace)
      : name(of), values(draws), site(trace.find(Name(of))), shape(draws.shape().after(1)) {
    for_each_visible(draws[0], estimated(draws, site),
                     [&](Index i, Real) { elements.push_back(i); });
  }
};

// Of a site with observations: what was observed of each row's element; null where it is hidden.
json observed(const Drawn& drawn, Index rows) {
  const Site* site = drawn.site;
  const bool is_data = site != nullptr && site->is_observed && site->has_distribution();
  if (!is_data || !(site->value.shape() == drawn.shape)) return nullptr;
  json::array_t all(static_cast<std::size_t>(drawn.shape.numel()));
  for_each_visible(site->value, visible_value(*site), [&](Index i, Real value) {
    all[static_cast<std::size_t>(i)] = number(static_cast<double>(value));
  });
  json result = json::array();
  for (Index i = 0; i < rows; ++i) {
    result.push_back(all[static_cast<std::size_t>(drawn.elements[static_cast<std::size_t>(i)])]);
  }
  return result;
}

json intervals(const Drawn& drawn, Index n, Index rows) {
  const std::span<const Index> first(drawn.elements.data(), static_cast<std::size_t>(rows));
  const Tensor shown = index_select(drawn.values.reshape({n, drawn.shape.numel()}), 1, first);
  json result = json::array();
  if (rows == 0) return result;
  const Summary all = summary({{"", shown}}, {.quantiles = {0.05, 0.25, 0.5, 0.75, 0.95}});
  for (const SummaryRow& row : all.rows()) {
    for (const Real q : row.quantiles) result.push_back(number(static_cast<double>(q)));
  }
  return result;
}

json content_of(const Drawn& drawn, Index n, Index share) {
  const auto count = std::ssize(drawn.elements);
  const Index rows = std::min<Index>(count, share);
  json result{{"name", drawn.name},
              {"kind", drawn.site != nullptr ? to_string(drawn.site->kind) : "other"},
              {"shape", sizes(drawn.shape)},
              {"total", count},
              {"hidden", drawn.shape.numel() - count},
              {"rows", rows},
              {"observed", observed(drawn, rows)},
              {"intervals", intervals(drawn, n, rows)}};
  if (count < drawn.shape.numel()) {
    result["elements"] = std::vector(drawn.elements.begin(), drawn.elements.begin() + rows);
  }
  return result;
}

}  // namespace

json draws_content(const Values& draws, const Trace& trace) {
  const Index n = count_of(draws);
  if (n == 0) fail("save_report", "there are 0 draws", "leave .draws out");
  std::vector<Drawn> all;
  std::vector<Index> counts;
  for (const std::string& name : names_of(draws, trace)) {
    all.emplace_back(name, draws.at(name), trace);
    counts.push_back(std::ssize(all.back().elements));
  }
  const Index share = fair_share(std::move(counts));
  json sites = json::array();
  for (const Drawn& drawn : all) sites.push_back(content_of(drawn, n, share));
  return {{"count", n}, {"sites", std::move(sites)}};
}

}  // namespace ember::inference::report
