// Reports: what the page gets to show. What it makes of it, tests/report_page_test.py looks at.
#include <ember/inference/report.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <sstream>

#include <ember/core/json.hpp>
#include <ember/ember.hpp>
#include <ember/inference/report_parts.hpp>
#include <ember/inference/report_picture.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;
namespace report = ember::inference::report;
using nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ember_report_" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// The content that a page has in it, as a browser finds it.
json content_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

json site_of(const json& content, const std::string& name) {
  for (const json& site : content["sites"]) {
    if (site["name"] == name) return site;
  }
  return nullptr;
}

Mask mask_where(Index rows, Index columns, auto keeps) {
  Bytes bytes;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) bytes.push_back(keeps(i, j) ? 1 : 0);
  }
  return Mask::from_bytes({rows, columns}, std::move(bytes));
}

}  // namespace

TEST_CASE("shapes are seen as rows and columns") {
  const auto is = [](const Shape& shape, Index rows, Index columns) {
    const report::Grid grid = report::grid_of(shape);
    return grid.rows == rows && grid.columns == columns;
  };
  CHECK(is({}, 1, 1));
  CHECK(is({7}, 1, 7));
  CHECK(is({7, 1}, 1, 7));
  CHECK(is({3, 4}, 3, 4));
  CHECK(is({3, 1, 4, 1}, 3, 4));
  CHECK(is({2, 3, 4}, 6, 4));
}

TEST_CASE("large grids are reduced: within the limit, in proportion, never to nothing") {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{2000, 3000},
                                      {1, 1'000'000},
                                      {1'000'000, 3},
                                      {401, 7},
                                      {5, 5},
                                      {3000, 20}}) {
    for (const Index limit : {256, 1333, 60'000}) {
      INFO(rows << " x " << columns << " to " << limit);
      const report::Grid picture = report::reduced({rows, columns}, limit);
      CHECK(picture.cells() <= limit);
      CHECK((picture.rows >= 1 && picture.rows <= std::min(rows, report::kMaxSide)));
      CHECK((picture.columns >= 1 && picture.columns <= std::min(columns, report::kMaxSide)));
    }
  }
  const report::Grid picture = report::reduced({2000, 3000}, 60'000);
  CHECK(picture.cells() > 50'000);
  CHECK(static_cast<double>(picture.columns) / static_cast<double>(picture.rows) ==
        Approx(1.5).epsilon(0.02));
  CHECK(report::reduced({20, 30}, 600).cells() == 600);
}

TEST_CASE("a cell of a mask's picture is the share of its area that counts") {
  // 5 rows in 2 parts: 2 and 3; 4 columns in 2 parts.
  const Mask mask = mask_where(5, 4, [](Index i, Index j) { return j < 2 ? i < 3 : i == 4; });
  CHECK(report::shares(mask, {5, 4}, {2, 2}) == Bytes{255, 0, 85, 85});
  CHECK(report::shares(mask, {5, 4}, {1, 1}) == Bytes{102});  // 8 of 20
  // Exact where nothing is reduced.
  const Mask exact = mask_where(3, 3, [](Index i, Index j) { return i != j; });
  CHECK(report::shares(exact, {3, 3}, {3, 3}) == Bytes{0, 255, 255, 255, 0, 255, 255, 255, 0});
  // None and all are told from nearly none and nearly all.
  const Mask nearly = mask_where(2, 1000, [](Index i, Index j) { return (i == 0) == (j == 0); });
  CHECK(report::shares(nearly, {2, 1000}, {2, 1}) == Bytes{1, 254});
  CHECK(report::shares(Mask::filled({4, 4}, false), {4, 4}, {2, 2}) == Bytes(4, 0));
}

TEST_CASE("a heat map is of the means of what is visible and finite") {
  const std::vector<Real> values{1, 3, kNaN, 7, 9, kInfinity, kNaN, 1e300};
  //                             mean 2, hidden NaN + 7, 9 + infinity, NaN and hidden 1e300
  const auto levels = [](const std::vector<Real>& numbers, const Bytes& visible, Index cells) {
    const Shape shape{numbers.size()};
    return report::levels(tensor_of(numbers, shape), Mask::from_bytes(shape, visible),
                          report::grid_of(shape), {1, cells});
  };
  const report::Levels map = levels(values, {1, 1, 0, 1, 1, 1, 1, 0}, 4);
  CHECK(map.low == 2);
  CHECK(map.high == 9);
  CHECK(map.codes == Bytes{0, 179, 250, report::kNaN});
  const std::vector<Real> strange{kInfinity, -kInfinity, 5, 5};
  const report::Levels odd = levels(strange, {1, 1, 0, 1}, 4);
  CHECK(odd.codes == Bytes{report::kPlusInfinity, report::kMinusInfinity, report::kHidden, 125});
  // No overflow where the values reach the ends of the range.
  const std::vector<Real> wide{std::numeric_limits<Real>::lowest(),
                               std::numeric_limits<Real>::max()};
  CHECK(levels(wide, {1, 1}, 2).codes == Bytes{0, 250});
}

TEST_CASE("what has coordinates is shown where it has them") {
  // two of 100000 x 100000: the first and the last
  constexpr int kLast = 99'999;
  const Shape shape{kLast + 1, kLast + 1};
  const Tensor y = sparse_tensor(shape, {{0, kLast}, {0, kLast}}, tensor({2, 4}));
  const Mask at = mask_at(shape, {{0, kLast}, {0, kLast}});
  const Trace trace = h::trace([&] {
                        sample("y", dist::Normal(0, 1).expand(shape).mask(at), {.obs = y});
                      }).get_trace();
  const json site = report::site_content(trace["y"], 16);
  CHECK(site["kept"] == 2);
  const json& value = site["value"];
  CHECK(value["visible"] == 2);
  CHECK(value["statistics"]["mean"] == 3);
  CHECK(value["grid"]["levels"] == report::base64(Bytes{0, 255, 255, 255, 255, 255, 255, 255, 255,
                                                        255, 255, 255, 255, 255, 255, 250}));
  CHECK(site["masks"][0]["picture"]["shares"] ==
        report::base64(Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  CHECK(site["log_probs"]["statistics"]["min"].get<double>() ==
        Approx(static_cast<double>(normal_lp(4, 0, 1))));
}

TEST_CASE("base64 pads") {
  const auto encoded = [](const std::string& text) {
    return report::base64(Bytes(text.begin(), text.end()));
  };
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("\xff\xfe\xfb\xef") == "//777w==");
}

TEST_CASE("histograms count every number once") {
  const json wholes = report::histogram(std::vector<double>{0, 2, 2, 4});
  CHECK(wholes["whole"] == true);
  CHECK(wholes["counts"] == json({1, 0, 2, 0, 1}));
  CHECK(wholes["low"] == -0.5);
  std::vector<double> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(i / 100.0);
  const json bins = report::histogram(values);
  Index total = 0;
  for (const json& count : bins["counts"]) total += count.get<Index>();
  CHECK(total == 1001);
  CHECK(bins["counts"].size() == 31);
  CHECK(bins["counts"][0] == 33);  // 0, 0.01, .., 0.32 are below 10/31
  CHECK(report::histogram(std::vector<double>{0.5, 0.5})["counts"] == json({2}));
  CHECK(report::histogram(std::vector<double>{-1.7e308, 0.5, 1.7e308})["counts"].front() == 1);
}

TEST_CASE("numbers of a page keep all that is left of their point") {
  CHECK(report::number(123456789012) == 123456789012);
  CHECK(report::number(123456789.25) == 123456789);
  CHECK(report::number(1234567.25) == 1234567);
  CHECK(report::number(0.123456789) == 0.1234568);
  CHECK(report::number(1e300) == 1e300);
}

TEST_CASE("values take the form that suits them, without what is hidden") {
  const auto form = [](const Shape& shape) {
    return report::values_content(zeros(shape), Mask::filled(shape, true), 1000)["form"];
  };
  CHECK(form({}) == "number");
  CHECK(form({1, 1}) == "number");
  CHECK(form({8}) == "vector");
  CHECK(form({101}) == "histogram");
  CHECK(form({3, 4}) == "grid");
  CHECK(form({0, 4}) == "empty");
  const Tensor x = tensor({1.0, kNaN, 3.0, kInfinity, 5.0, 12.0});
  const json vector =
      report::values_content(x, mask_of({true, true, true, true, true, false}), 1000);
  CHECK(vector["numbers"] == json({1, "NaN", 3, "Infinity", 5, nullptr}));
  CHECK(vector["visible"] == 5);
  CHECK(vector["not_finite"] == 2);
  CHECK(vector["statistics"] ==
        json({{"mean", 3}, {"sd", 2}, {"min", 1}, {"median", 3}, {"max", 5}}));
}

TEST_CASE("losses are told by stretches, whatever the first one was") {
  infer::Fit fit;
  fit.losses.assign(4000, 2);
  fit.losses[0] = 1e300;
  fit.losses[7] = kNaN;
  const json content = report::fit_content(fit);
  CHECK(content["steps"] == 4000);
  CHECK(content["not_finite"] == 1);
  CHECK(content["window"] == 100);
  CHECK(content["last"] == 2);  // no trace of 1e300 in the mean
  REQUIRE(content["step"].size() == 800);
  CHECK(content["step"][0] == 5);
  CHECK(content["high"][0] == 1e300);
  CHECK(content["low"][0] == 2);
  CHECK(content["high"][1] == 2);
  CHECK(content["step"].back() == 4000);
  const json none = report::fit_content({});
  CHECK(none["step"].empty());
  CHECK(none["last"] == "NaN");
}

TEST_CASE("draws become quantiles, with the data beside those of observed sites") {
  const Trace trace = h::trace([] {
                        sample("y", dist::Normal(0, 1).expand({2}).mask(mask_of({true, false})),
                               {.obs = tensor({7, 8})});
                      }).get_trace();
  const Tensor ramp = arange(101);  // quantiles 5, 25, 50, 75, 95
  const json content = report::draws_content(
      {{"mu", ramp}, {"y", concatenate({ramp.reshape({101, 1}), ramp.reshape({101, 1}) * 2}, 1)}},
      trace);
  CHECK(content["count"] == 101);
  CHECK(content["sites"][0]["intervals"] == json({5, 25, 50, 75, 95, 10, 50, 100, 150, 190}));
  CHECK(content["sites"][0]["observed"] == json({7, nullptr}));
  CHECK(content["sites"][1]["intervals"] == json({5, 25, 50, 75, 95}));
  CHECK(content["sites"][1]["kind"] == "other");

  // What a mask hides has no row; the others tell which they are.
  const Trace masked =
      h::trace([] {
        sample("z", dist::Normal(0, 1).expand({3}).mask(mask_of({false, true, true})));
        sample("mu", dist::Normal(0, 1));
      }).get_trace();
  const json kept = report::draws_content(
      {{"mu", ramp}, {"z", stack({ramp, 2 * ramp, 3 * ramp}, 1)}}, masked)["sites"];
  CHECK(kept[0]["name"] == "z");
  CHECK(kept[0]["hidden"] == 1);
  CHECK(kept[0]["total"] == 2);
  CHECK(kept[0]["elements"] == json({1, 2}));
  CHECK(kept[0]["intervals"] == json({10, 50, 100, 150, 190, 15, 75, 150, 225, 285}));
  CHECK(kept[1]["name"] == "mu");
  CHECK_FALSE(kept[1].contains("elements"));

  // The rows are shared fairly: small sites wholly, large ones equally.
  const json shared = report::draws_content(
      {{"a", zeros({2, 10'000})}, {"b", zeros({2, 20'000})}, {"c", zeros({2, 100})}}, trace);
  CHECK(shared["sites"][0]["rows"] == 2950);
  CHECK(shared["sites"][1]["rows"] == 2950);
  CHECK(shared["sites"][2]["rows"] == 100);
  // A number that is NaN in one draw has no quantiles; infinite ones do.
  const json odd = report::draws_content(
      {{"a", tensor({1.0, kNaN, 2.0})}, {"b", tensor({-kInfinity, 1.0, kInfinity})}}, trace);
  CHECK(odd["sites"][0]["intervals"] == json({"NaN", "NaN", "NaN", "NaN", "NaN"}));
  CHECK(odd["sites"][1]["intervals"][2] == 1);
  CHECK(has(error_of([&] { report::draws_content({{"mu", zeros({0})}}, trace); }), "0 draws"));
}

TEST_CASE("a report tells each site's masks by source, and hides what they hide") {
  const Trace trace =
      h::trace([] {
        plate rows("rows", 4, {.dim = -2});
        plate columns("columns", 3, {.dim = -1});
        const Mask seen = mask_where(4, 3, [](Index i, Index) { return i != 1; });
        with inside(h::mask(mask_where(4, 3, [](Index, Index j) { return j > 0; })), h::scale(0.5));
        sample("y", dist::Normal(0, 1).expand({4, 3}).mask(seen),
               {.obs = where(seen, arange(12).reshape({4, 3}), kNaN)});
      }).get_trace();
  const json content = report::content(trace, {});
  const json site = site_of(content, "y");
  CHECK(site["plates"] == json({"rows", "columns"}));
  CHECK(site["kept"] == 6);
  CHECK(site["total"] == 12);
  CHECK(site["hidden"] == json({{"distribution", 3}, {"handlers", 4}, {"obs_mask", 0}}));
  CHECK(site["scale"] == 0.5);
  REQUIRE(site["masks"].size() == 3);
  CHECK(site["masks"][0]["source"] == "all");
  CHECK(site["masks"][0]["picture"]["shares"] ==
        report::base64(Bytes{0, 255, 255, 0, 0, 0, 0, 255, 255, 0, 255, 255}));
  CHECK(site["value"]["grid"]["numbers"] ==
        json({nullptr, 1, 2, nullptr, nullptr, nullptr, nullptr, 7, 8, nullptr, 10, 11}));
  CHECK(site["log_probs"]["visible"] == 6);
}

TEST_CASE("names and numbers that a page could stumble over arrive as they are") {
  const std::string name = "\"a\" </script><!-- & \\ \n \u2028 größe";
  const Trace trace = h::trace([&] {
                        deterministic(name, tensor({1.0, kNaN, kInfinity, -kInfinity}));
                        deterministic("not \xff UTF-8", 1);
                      }).get_trace();
  Folder folder;
  const std::string file = folder.file("report.html");
  infer::save_report(file, trace, {.title = "</title>"});
  const json content = content_of(text_of(file));
  CHECK(content["title"] == "</title>");
  CHECK(content["sites"].size() == 2);
  CHECK(site_of(content, name)["value"]["numbers"] == json({1, "NaN", "Infinity", "-Infinity"}));
}

TEST_CASE("a report stays below 5 MB, of many sites as of many elements") {
  Folder folder;
  const auto size_of = [&](const Trace& trace, const infer::ReportOptions& options) {
    infer::save_report(folder.file("report.html"), trace, options);
    return std::filesystem::file_size(folder.file("report.html"));
  };
  const Trace many =
      h::trace([] {
        for (int i = 0; i < 300; ++i) {
          const Mask some =
              mask_where(60, 80, [&](Index r, Index c) { return (r * 7 + c * i) % 3 > 0; });
          with inside(h::mask(mask_where(60, 80, [](Index r, Index) { return r > 5; })));
          sample("a_site_with_a_long_name_" + std::to_string(i),
                 dist::Normal(0, 1).expand({60, 80}).mask(some));
        }
      }).get_trace();
  infer::Fit fit;
  for (int i = 0; i < 100'000; ++i) fit.losses.push_back(static_cast<Real>(1.0 / (i + 1.0)));
  Values draws;
  for (int i = 0; i < 300; ++i) draws["site_" + std::to_string(i)] = full({3, 100}, Real(1) / 3);
  CHECK(size_of(many, {.fit = fit, .draws = draws}) < 5'000'000);

  const Trace large = h::trace([] {
                        with inside(h::mask(mask_where(
                            2000, 3000, [](Index i, Index j) { return (i * j) % 7 > 2; })));
                        sample("x", dist::Delta(zeros({2000, 3000})));
                      }).get_trace();
  CHECK(size_of(large, {}) < 5'000'000);
}

TEST_CASE("a report that can't be written is an error that leaves nothing behind") {
  const std::string file = "/nonexistent/folder/report.html";
  const std::string message = error_of([&] { infer::save_report(file, Trace()); });
  CHECK(has(message, "/nonexistent/folder/report.html"));
  CHECK(has(message, "can't be written"));
  // An error in the content comes before the file is touched.
  Folder folder;
  infer::save_report(folder.file("report.html"), Trace());
  const std::string before = text_of(folder.file("report.html"));
  const Values uneven{{"a", zeros({2})}, {"b", zeros({3})}};
  CHECK(has(
      error_of([&] { infer::save_report(folder.file("report.html"), Trace(), {.draws = uneven}); }),
      "first axis"));
  CHECK(text_of(folder.file("report.html")) == before);
}
