// ember-inspect: looks at trace files, and compares two.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/handlers/draws_csv.hpp>
#include <ember/handlers/trace_diff.hpp>
#include <ember/inference/report.hpp>

namespace {

using ember::Site;
using ember::Trace;
using nlohmann::json;

constexpr const char* kAbout =
    "Looks at trace files that Trace::save wrote; with two, shows what differs.\n"
    "Densities are computed anew from the file.";

constexpr const char* kExamples =
    "What the table says:\n"
    "  kept      elements that count of all, and how many each source hides by itself:\n"
    "            180/260: distribution 30, handlers 40, obs 10\n"
    "  scale     what the log density is multiplied with (subsampled plates, h::scale)\n"
    "  log joint the sum of all log densities, after masks and scales\n"
    "\n"
    "Examples:\n"
    "  ember-inspect fit.trace.json                  the table of its sites\n"
    "  ember-inspect fit.trace.json --site theta     one site in full, with all its numbers\n"
    "  ember-inspect a.trace.json b.trace.json       what differs; exit code 1 where anything "
    "does\n"
    "  ember-inspect a.trace.json b.trace.json --tolerance 1e-9\n"
    "  ember-inspect fit.trace.json --json           the table for machines\n"
    "  ember-inspect fit.trace.json --html report.html --fit fit.json --draws draws.csv\n"
    "                                                a page to look at, offline\n"
    "\n"
    "Exit code: 0, or 1 where two traces differ, or 2 where a file or an argument is wrong.";

json shape_of(const ember::Shape& shape) { return ember::to_json(shape); }

json row_of(const Site& site) {
  json row{{"site", site.name.str()},
           {"kind", to_string(site.kind)},
           {"value_shape", shape_of(site.value.shape())}};
  row["plates"] = json::array();
  for (const ember::PlateFrame& plate : site.plates) row["plates"].push_back(plate.name.str());
  if (!site.has_distribution()) return row;
  const Site::Hidden hidden = site.hidden();
  row["family"] = site.distribution.name();
  row["batch_shape"] = shape_of(site.distribution.batch_shape());
  row["event_shape"] = shape_of(site.distribution.event_shape());
  row["kept"] = site.mask.count();
  row["total"] = site.mask.numel();
  row["hidden"] = {
      {"distribution", hidden.distribution}, {"handlers", hidden.handlers}, {"obs", hidden.obs}};
  if (site.scale.is_number()) {
    row["scale"] = ember::to_json(site.scale.number());
  } else {
    row["scale"] = ember::to_json(site.scale.value());
  }
  row["log_prob_sum"] = ember::to_json(site.log_prob_sum().item());
  return row;
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void show(const Trace& trace, const std::string& site, bool as_json) {
  if (!site.empty()) {
    print(as_json ? row_of(trace[site]).dump(2) + "\n" : format_site(trace[site]));
    return;
  }
  if (!as_json) return print(trace.format_table());
  json table{{"sites", json::array()},
             {"log_prob_sum", ember::to_json(trace.log_prob_sum().item())}};
  for (const Site& s : trace) table["sites"].push_back(row_of(s));
  print(table.dump(2) + "\n");
}

void write_page(const Trace& trace, const std::string& page, const std::string& fit,
                const std::string& draws) {
  ember::inference::ReportOptions options;
  if (!fit.empty()) options.fit = ember::inference::Fit::load(fit);
  if (!draws.empty()) options.draws = ember::load_draws(draws);
  ember::inference::save_report(page, trace, options);
}

int compare(const std::vector<std::string>& files, double tolerance, bool as_json) {
  const auto found = ember::differences(Trace::load(files[0]), Trace::load(files[1]), tolerance);
  if (as_json) {
    json list = json::array();
    for (const ember::TraceDifference& d : found) {
      list.push_back({{"site", d.site},
                      {"aspect", d.aspect},
                      {"first", d.first},
                      {"second", d.second},
                      {"detail", d.detail}});
    }
    print(json{{"same", found.empty()}, {"differences", list}}.dump(2) + "\n");
  } else {
    print(found.empty() ? "no difference\n" : format_table(found, files[0], files[1]));
  }
  return found.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "ember-inspect");
  app.footer(kExamples);
  std::vector<std::string> files;
  std::string site, page, fit, draws;
  double tolerance = 0;
  bool as_json = false;
  app.add_option("TRACE", files, "one trace file, or two that are compared")
      ->required()
      ->expected(1, 2);
  CLI::Option* one = app.add_option("--site", site, "show this site alone, with all its numbers");
  app.add_option("--tolerance", tolerance,
                 "numbers that differ relatively by no more are the same [0]")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--json", as_json, "print JSON");
  CLI::Option* html = app.add_option("--html", page, "write a report as an HTML page");
  app.add_option("--fit", fit, "the losses that Fit::save wrote, for the report")->needs(html);
  app.add_option("--draws", draws, "the draws that save_draws wrote, for the report")->needs(html);
  try {
    app.parse(argc, argv);
    for (const CLI::Option* option : {one, html}) {
      if (files.size() == 1 || option->count() == 0) continue;
      throw CLI::ValidationError(option->get_name(), "looks at one trace, and two were given");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (files.size() == 2) return compare(files, tolerance, as_json);
    const Trace trace = Trace::load(files[0]);
    if (!page.empty()) {
      write_page(trace, page, fit, draws);
    } else {
      show(trace, site, as_json);
    }
  } catch (const ember::Error& error) {
    std::fprintf(stderr, "ember-inspect: %s\n", error.what());
    return 2;
  }
  return 0;
}
