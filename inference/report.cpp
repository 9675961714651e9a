#include <ember/inference/report.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

#include <ember/core/json.hpp>
#include <ember/inference/report_page.hpp>
#include <ember/inference/report_parts.hpp>

namespace ember::inference {

using nlohmann::json;

namespace report {
namespace {

// Cells of one picture: a site has three or so, and all of them share a budget of bytes.
Index cells_of_a_picture(const Trace& trace) {
  constexpr Index kAll = 400'000, kLeast = 256, kMost = 60'000;
  return std::clamp(kAll / std::max(static_cast<Index>(trace.size()), Index{1}), kLeast, kMost);
}

json plate_content(const TracePlate& plate) {
  return {{"name", plate.frame.name.str()},
          {"dim", plate.frame.dim},
          {"size", plate.frame.size},
          {"subsample_size", plate.frame.subsample_size}};
}

// Those that the trace has itself are shown as its sites.
json params_content(const Values& params, const Trace& trace) {
  json result = json::array();
  for (const auto& [name, value] : params) {
    if (trace.contains(name)) continue;
    json numbers = values_content(value, true, 256);
    for (const char* picture : {"grid", "histogram", "numbers"}) numbers.erase(picture);
    result.push_back({{"name", name}, {"value", std::move(numbers)}});
  }
  return result;
}

}  // namespace

json content(const Trace& trace, const ReportOptions& options) {
  json plates = json::array();
  for (const TracePlate& plate : trace.plates()) plates.push_back(plate_content(plate));
  json sites = json::array();
  const Index limit = cells_of_a_picture(trace);
  for (const Site& site : trace) sites.push_back(site_content(site, limit));
  return {{"title", options.title},
          {"log_joint", number(static_cast<double>(trace.log_prob_sum().item()))},
          {"plates", std::move(plates)},
          {"sites", std::move(sites)},
          {"fit", options.fit ? fit_content(*options.fit) : json()},
          {"draws", options.draws ? draws_content(*options.draws, trace) : json()},
          {"params", params_content(options.params, trace)}};
}

std::string script_text(const json& content) {
  const std::string text = content.dump(-1, ' ', true, json::error_handler_t::replace);
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace report

void save_report(const std::string& path, const Trace& trace, const ReportOptions& options) {
  std::string page;
  for (const std::string_view piece : report::page_before_data()) page += piece;
  page += report::script_text(report::content(trace, options));
  for (const std::string_view piece : report::page_after_data()) page += piece;
  detail::write_file(path, page);
}

}  // namespace ember::inference
