// ember-inspect: looks at trace files, and compares two.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/draws_csv.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/plates_by_dim.hpp>
#include <ember/handlers/trace_diff.hpp>
#include <ember/inference/report.hpp>

namespace {

using ember::Site;
using ember::Trace;
using nlohmann::json;

constexpr const char* kAbout =
    "Looks at trace files that Trace::save wrote; with two, shows what differs.\n"
    "Densities are computed anew from the file.";

constexpr const char* kExamples = R"(What the table says:
  kept       elements that count, of all, and how many each source hides by itself:
             180/260: distribution 30, handlers 40, obs 10
  scale      what the log density is multiplied with (subsampled plates, h::scale)
  value      the mean and the range of what counts
  log joint  the sum of all log densities, after masks and scales

Where trace files come from, in a program:
  handlers::trace(model).get_trace(data).save("prior.trace.json");
  auto at_median = handlers::replay(model, guide.median());
  handlers::trace(at_median, {.relations = true}).get_trace(data).save("fit.trace.json");
  fit.save("fit.json");            what --fit reads, of infer::Fit fit = svi.run(..)
  save_draws("draws.csv", draws);  what --draws reads
  param_store().save("params.json");  what --params reads

Examples:
  ember-inspect fit.trace.json                  the table of its sites
  ember-inspect fit.trace.json --site theta     one site in full, with all its numbers
  ember-inspect fit.trace.json --site theta --json | python3 -c \
      'import json, sys; print(json.load(sys.stdin)["value"]["data"])'
  ember-inspect a.trace.json b.trace.json       what differs; exit code 1 where anything does
  ember-inspect a.trace.json b.trace.json --tolerance 1e-9
  ember-inspect fit.trace.json --json           the table for machines
  ember-inspect fit.trace.json --html report.html --fit fit.json --draws draws.csv
                                                a page to look at, offline

Exit code: 0, or 1 where two traces differ, or 2 where a file or an argument is wrong, or the
output can't be written.)";

json shape_of(const ember::Shape& shape) { return ember::to_json(shape); }

json row_of(const Site& site) {
  json row{{"site", site.name.str()},
           {"kind", to_string(site.kind)},
           {"value_shape", shape_of(site.value.shape())}};
  row["plates"] = json::array();
  for (const ember::PlateFrame& plate : ember::plates_by_dim(site.plates)) {
    row["plates"].push_back(plate.name.str());
  }
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

// The row of a site, and all its numbers.
json whole(const Site& site) {
  json result = row_of(site);
  result["value"] = ember::to_json(site.value);
  if (site.parents) {
    result["depends_on"] = json::array();
    for (const ember::Name parent : *site.parents) result["depends_on"].push_back(parent.str());
  }
  if (!site.has_distribution()) return result;
  result["mask"] = ember::to_json(site.mask);
  result["log_prob"] = ember::to_json(site.log_prob());
  result["parameters"] = json::object();
  for (const auto& parameter : site.distribution.family().parameters()) {
    result["parameters"][parameter.info->name] = ember::to_json(parameter.value);
  }
  return result;
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void show(const Trace& trace, const std::string& site, bool as_json) {
  if (!site.empty()) {
    print(as_json ? whole(trace[site]).dump(2) + "\n" : format_site(trace[site]));
    return;
  }
  if (!as_json) return print(trace.format_table());
  json table{{"sites", json::array()},
             {"log_prob_sum", ember::to_json(trace.log_prob_sum().item())}};
  for (const Site& s : trace) table["sites"].push_back(row_of(s));
  print(table.dump(2) + "\n");
}

struct Arguments {
  std::vector<std::string> files;
  std::string site, page, fit, draws, params;
  double tolerance = 0;
  bool as_json = false;
};

// An error where the page would take the place of a file that it is made of.
void check_page(const Arguments& a) {
  const std::pair<const char*, const std::string&> inputs[] = {{"the trace itself", a.files[0]},
                                                               {"what --fit reads", a.fit},
                                                               {"what --draws reads", a.draws},
                                                               {"what --params reads", a.params}};
  for (const auto& [what, file] : inputs) {
    std::error_code none;
    if (file.empty() || !std::filesystem::equivalent(file, a.page, none)) continue;
    ember::fail("--html", "'" + a.page + "' is " + what, "give the page another name");
  }
}

void write_page(const Trace& trace, const Arguments& a) {
  check_page(a);
  ember::inference::ReportOptions options;
  if (!a.fit.empty()) options.fit = ember::inference::Fit::load(a.fit);
  if (!a.draws.empty()) options.draws = ember::load_draws(a.draws);
  if (!a.params.empty()) {
    ember::ParamStore store;
    store.load(a.params);
    options.params = store.values();
  }
  ember::inference::save_report(a.page, trace, options);
}

int compare(const Arguments& a) {
  const auto found =
      ember::differences(Trace::load(a.files[0]), Trace::load(a.files[1]), a.tolerance);
  if (a.as_json) {
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
    print(found.empty() ? "no difference\n" : format_table(found, a.files[0], a.files[1]));
  }
  return found.empty() ? 0 : 1;
}

int run(const Arguments& a) {
  if (a.files.size() == 2) return compare(a);
  const Trace trace = Trace::load(a.files[0]);
  if (!a.page.empty()) {
    write_page(trace, a);
  } else {
    show(trace, a.site, a.as_json);
  }
  return 0;
}

void add_options(CLI::App& app, Arguments& a) {
  const CLI::Validator given(
      [](const std::string& text) {
        return text.empty() ? std::string("it is empty") : std::string();
      },
      "", "");
  const CLI::Validator tolerance(
      [](const std::string& text) {
        double value = -1;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        return is_number && value >= 0 && std::isfinite(value)
                   ? std::string()
                   : "'" + text + "' is no number of 0 or more";
      },
      "", "");
  app.add_option("TRACE", a.files, "one trace file, or two that are compared")
      ->required()
      ->expected(1, 2)
      ->type_name("FILE");
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    return app.add_option(name, value, help)->check(given)->type_name(type);
  };
  CLI::Option* site = text("--site", a.site, "NAME", "show this site alone, with all its numbers");
  app.add_option("--tolerance", a.tolerance,
                 "numbers that differ relatively by no more are the same [0]")
      ->check(tolerance)
      ->type_name("NUMBER");
  CLI::Option* as_json = app.add_flag("--json", a.as_json, "print JSON");
  CLI::Option* html = text("--html", a.page, "FILE", "write a report as an HTML page");
  text("--fit", a.fit, "FILE", "the losses that Fit::save wrote, for the report")->needs(html);
  text("--draws", a.draws, "FILE", "the draws that save_draws wrote, for the report")->needs(html);
  text("--params", a.params, "FILE", "the parameters that ParamStore::save wrote, for the report")
      ->needs(html);
  html->excludes(site)->excludes(as_json);
  app.set_version_flag("--version", "ember-inspect " EMBER_VERSION, "print the version");
}

// What an option needs of the number of files.
void check_files(const CLI::App& app, const Arguments& a) {
  for (const char* name : {"--site", "--html"}) {
    if (a.files.size() == 1 || app.count(name) == 0) continue;
    throw CLI::ValidationError(name, "looks at one trace, and two were given");
  }
  if (a.files.size() == 1 && app.count("--tolerance") > 0) {
    throw CLI::ValidationError("--tolerance", "is for comparing two traces, and one was given");
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(kAbout, "ember-inspect");
  app.footer(kExamples);
  Arguments arguments;
  int code = 0;
  try {
    add_options(app, arguments);
    app.parse(argc, argv);
    check_files(app, arguments);
    code = run(arguments);
  } catch (const CLI::ParseError& error) {
    code = app.exit(error) == 0 ? 0 : 2;
  } catch (const ember::Error& error) {
    std::fprintf(stderr, "ember-inspect: %s\n", error.what());
    return 2;
  }
  std::cout.flush();  // what CLI11 wrote
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return code;
  std::fprintf(stderr, "ember-inspect: the output can't be written\n");
  return 2;
}
