// Reports: a trace, a fit and draws as a page to look at.
#pragma once

#include <optional>
#include <string>

#include <ember/handlers/trace.hpp>
#include <ember/handlers/values.hpp>
#include <ember/inference/fit.hpp>

namespace ember::inference {

/// What a report shows beside the trace.
struct ReportOptions {
  std::optional<Fit> fit = {};       // shows the losses
  std::optional<Values> draws = {};  // shows their intervals: site name -> tensor (n, ..)
  Values params = {};                // shown with those of the trace: param_store().values()
  std::string title = {};
};

/// Writes one HTML file that any browser opens, offline: the model as a graph with its plates; a
/// table of the sites; masks and values as pictures; the losses; intervals of the draws;
/// parameters. Large masks and values are reduced (areas, histograms), so that the file stays below
/// 5 MB with hundreds of sites or millions of elements.
///
///     const auto at_medians = h::replay(model, guide.median());
///     const Trace trace = h::trace(at_medians, {.relations = true}).get_trace(data);
///     infer::save_report("report.html", trace, {.fit = fit, .draws = draws});
///
/// The graph has arrows where the trace has relations. What a mask hides is hatched, and takes no
/// part in any statistic. The file is replaced as a whole or, after an error, not at all.
void save_report(const std::string& path, const Trace& trace, const ReportOptions& options = {});

namespace report {

/// What the page shows, as JSON: what save_report embeds.
nlohmann::json content(const Trace& trace, const ReportOptions& options);
/// JSON that may stand inside of a script element: ASCII without "<".
std::string script_text(const nlohmann::json& content);

}  // namespace report
}  // namespace ember::inference
