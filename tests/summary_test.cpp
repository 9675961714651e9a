// What is made of draws: summaries, CmdStan's CSV files, and the curve of a fit.
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const std::string kFile =
    (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".summary"))
        .string();

// Takes the file away when a test case has ended.
struct Removed {
  ~Removed() { std::filesystem::remove(kFile); }
};

Values loaded(const std::string& text) {
  std::ofstream(kFile, std::ios::binary) << text;
  return load_draws(kFile);
}

}  // namespace

TEST_CASE("a summary has mean, sd and quantiles of each number") {
  const Values draws{{"mu", tensor({4, 1, 3, 2})},
                     {"w", tensor({{{1, 10}}, {{2, 20}}, {{3, 30}}, {{4, 50}}})}};
  const infer::Summary s = infer::summary(draws, {.quantiles = {0.25, 0.5, 1}});
  REQUIRE(s.rows().size() == 3);
  CHECK(s.rows()[2].name == "w[0, 1]");
  CHECK(s["mu"].mean == Approx(2.5));
  CHECK(s["mu"].sd == Approx(std::sqrt(5.0 / 3)));
  CHECK(s["mu"].quantiles[0] == Approx(1.75));  // numpy.quantile([1, 2, 3, 4], 0.25)
  CHECK(s["mu"].quantiles[1] == Approx(2.5));
  CHECK(s["mu"].quantiles[2] == Approx(4));
  CHECK(s["w[0, 1]"].mean == Approx(27.5));
  CHECK(s.table() ==
        "          mean     sd    25%    50%   100%\n"
        "------------------------------------------\n"
        "mu        2.50   1.29   1.75   2.50   4.00\n"
        "w[0, 0]   2.5    1.3    1.8    2.5    4.0\n"
        "w[0, 1]  27.5   17.1   17.5   25.0   50.0\n");
  CHECK_THROWS_WITH(s["w"], Catch::Contains("'w'"));
  const auto chosen = infer::summary(draws, {.sites = {"w", "mu"}});
  CHECK(chosen.rows().front().name == "w[0, 0]");
  CHECK(chosen.rows().back().name == "mu");
  CHECK_THROWS_WITH(infer::summary(draws, {.sites = {"nu"}}), Catch::Contains("'nu'"));
  const infer::Summary constant = infer::summary({{"c", full({1000}, Real(19.3))}});
  CHECK(constant["c"].mean == Real(19.3));
  CHECK(constant["c"].sd == 0);
  CHECK_THROWS_WITH(infer::summary(draws, {.quantiles = {2}}), Catch::Contains("between 0 and 1"));
  CHECK_THROWS_AS(infer::summary({}), Error);
  CHECK_THROWS_AS(infer::summary({{"x", zeros({0, 2})}}), Error);
  CHECK(std::isnan(infer::summary({{"x", tensor({1.0})}})["x"].sd));
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  CHECK(std::isnan(infer::summary({{"x", tensor_of({1, nan, 2}, {3})}})["x"].quantiles[1]));
}

TEST_CASE("the numbers of a summary stand point below point, however large or small") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const infer::Summary s = infer::summary({{"a", tensor({123456, 123458})},
                                           {"b", tensor({1e-9, 3e-9})},
                                           {"c", tensor({0.25, 0.25})},
                                           {"d", tensor({1.0, nan})},
                                           {"e", tensor({-0.001, 0.001})},
                                           {"f", tensor({1e6, 3e6})}},
                                          {.quantiles = {0.5}});
  CHECK(s.table() ==
        "            mean               sd            50%\n"
        "------------------------------------------------\n"
        "a   123457.00           1.41        123457.00\n"
        "b        2e-09          1.414e-09        2e-09\n"
        "c        0.25           0.00             0.25\n"
        "d      nan            nan              nan\n"
        "e        0.00000        0.00141          0.00000\n"
        "f  2000000        1414214          2000000\n");
}

TEST_CASE("what a mask hides has no row, and a summary says how much that is") {
  const Mask kept = mask_of({true, false, true});
  const auto model = [&] {
    const plate rows("rows", 3);
    const with inside(h::mask(kept));
    const Tensor z = sample("z", dist::Normal(0, 1));
    sample("y", dist::Normal(z, 1), {.obs = tensor({1, 2, 3})});
    sample("a", dist::Normal(0, 1).mask(true));
  };
  begin(1);
  const Trace trace = h::trace(model).get_trace();
  infer::AutoNormal guide(model);
  guide();
  Values draws = infer::Predictive(model, guide, {.num_samples = 5})();
  const auto names = [](const infer::Summary& s) {
    std::string all;
    for (const infer::SummaryRow& row : s.rows()) all += row.name + " ";
    return all;
  };
  const infer::Summary s = infer::summary(draws, trace);
  CHECK(names(s) == "z[0] z[2] y[0] y[2] a[0] a[2] ");  // in the model's order
  REQUIRE(s.left_out().size() == 3);
  CHECK(s.left_out()[0].site == "z");
  CHECK(s.left_out()[0].count == 1);
  CHECK(s.left_out()[0].total == 3);
  CHECK(has(s.table(), "\nz: left out 1 of 3 elements"));
  CHECK(has(error_of([&] { s["z[1]"]; }), "left out 1 of 3"));

  // Data that were drawn anew behind the mask, by a model that has none, are estimates.
  draws["y"] = tensor({{1, 5, 3}, {2, 6, 3}, {3, 7, 3}, {4, 8, 3}, {5, 9, 3}});
  CHECK(infer::summary(draws, trace)["y[1]"].mean == 7);
  // Without a trace NaN in every draw tells; in some draws it is no mark.
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const infer::Summary by_nan =
      infer::summary({{"b", tensor({{1, nan, nan}, {2, nan, 3}})}, {"a", tensor({1, 2})}});
  CHECK(names(by_nan) == "a b[0] b[2] ");
  CHECK(std::isnan(by_nan["b[2]"].mean));
  CHECK(by_nan.left_out()[0].count == 1);
  // A trace whose site has another shape says nothing of the draws.
  CHECK(names(infer::summary({{"z", tensor({{1, 2}, {3, 4}})}}, trace)) == "z[0] z[1] ");
}

TEST_CASE("draws are written as CmdStan writes them") {
  const Removed removed;
  save_draws(
      kFile,
      {{"a", tensor({0.5, 2})}, {"w", tensor({{{1, 2, 3}, {4, 5, 6}}, {{7, 8, 9}, {10, 11, 12}}})}},
      tensor({-3, -4}));
  const std::string text = detail::read_file(kFile);
  CHECK(text.find("#     num_samples = 2\n") != std::string::npos);
  CHECK(text.find("\nlp__,a,w.1.1,w.2.1,w.1.2,w.2.2,w.1.3,w.2.3\n"
                  "-3,0.5,1,4,2,5,3,6\n"
                  "-4,2,7,10,8,11,9,12\n") != std::string::npos);
}

TEST_CASE("draws come back from a file as the same bits") {
  const Removed removed;
  const Real inf = std::numeric_limits<Real>::infinity();
  const Values draws{{"a/b", tensor_of({Real(0.1), -inf, Real(1) / 3}, {3})},
                     {"x", sin(arange(3 * 2 * 3 * 2)).reshape({3, 2, 3, 2})},
                     {"signed", tensor_of({Real(-0.0), Real(0.0), Real(-0.0)}, {3})},
                     {"\u03b8", tensor({{1, 2}, {3, 4}, {5, 6}})}};
  save_draws(kFile, draws);
  const Values again = load_draws(kFile);
  REQUIRE(again.size() == draws.size());
  for (const auto& [name, values] : draws) {
    const Tensor& other = again.at(name);
    REQUIRE(other.shape() == values.shape());
    CHECK(std::memcmp(other.data().data(), values.data().data(), values.data().size_bytes()) == 0);
  }
}

TEST_CASE("a file that CmdStan wrote is read") {
  const Removed removed;
  const Values draws = loaded(
      "# stan_version_major = 2\r\n# method = sample (Default)\r\n"
      "lp__,accept_stat__,mu,theta.1,theta.2\r\n"
      "# Adaptation terminated\r\n# Step size = 0.8\r\n"
      "-5.2,0.9,1.5,-1e-3,2\r\n"
      "-5.0,1,1.25,0,3\r\n"
      "# \r\n#  Elapsed Time: 0.1 seconds\r\n");
  REQUIRE(draws.size() == 2);
  CHECK(draws.at("mu").shape() == Shape{2});
  CHECK(draws.at("theta").shape() == Shape{2, 2});
  CHECK(draws.at("theta").at({0, 0}) == Approx(-1e-3));
  CHECK(draws.at("theta").at({1, 1}) == Approx(3));
}

TEST_CASE("draws that can't be a file, and files that can't be draws, are errors") {
  const Removed removed;
  const auto rejected = [](const std::string& text, const char* reason) {
    CHECK_THROWS_WITH(loaded(text), Catch::Contains(kFile) && Catch::Contains(reason));
  };
  rejected("", "no header");
  rejected("# only\n# comments\n", "no header");
  rejected("lp__\n-1\n", "no column of a site");
  rejected("a,b\n1\n", "line 2, column 2");
  rejected("a,b\n1,x\n", "line 2, column 2: 'x' is no number");
  rejected("# c\na,b\n1,\n", "line 3, column 2");
  rejected("a,a\n1,2\n", "column 2: a second column");
  rejected("w.1,w.01,w.3\n1,2,3\n", "column 2: 'w' has a second column of the same indices");
  rejected("w.1,w.3\n1,2\n", "an index 3, and only 2 columns");
  rejected("w.1,w.1.1\n1,2\n", "different numbers of indices");
  rejected("w.0\n1\n", "'w.0'");
  rejected("w.99999999999999999999\n1\n", "no name with indices");
  rejected("w.1x\n1\n", "'w.1x'");
  rejected("a,,b\n1,2,3\n", "column 2: has no name");
  // what save_draws would not write
  rejected("a,b#\n1,2\n", "column 2: 'b#' is no name of a site: it has a '#'");
  rejected("\"a\"\"b.1\"\n1\n", "it has a '\"'");
  rejected("a,.1\n1,2\n", "column 2: '' is no name of a site");
  rejected("a.1,a .2\n1,2\n", "column 2: 'a ' is no name of a site");
  CHECK_THROWS_WITH(save_draws(kFile, {{" a", tensor({1})}}), Catch::Contains("spaces"));
  CHECK_THROWS_WITH(save_draws(kFile, {{"a.b", tensor({1})}}), Catch::Contains("'a.b'"));
  CHECK_THROWS_AS(save_draws(kFile, {{"a__", tensor({1})}}), Error);
  CHECK_THROWS_AS(save_draws(kFile, {}), Error);
  CHECK_THROWS_WITH(save_draws(kFile, {{"a", tensor({1, 2})}}, tensor({1})),
                    Catch::Contains("2 draws"));
}

TEST_CASE("draws that are cut off are an error, or whole lines") {
  const Removed removed;
  save_draws(kFile, {{"a", tensor({0.25, 16})}, {"w", tensor({{12.5, 25}, {37.5, 1e10}})}});
  const std::string whole = detail::read_file(kFile);
  const Values draws = load_draws(kFile);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    try {
      const Values some = loaded(whole.substr(0, n));
      CHECK(whole[n - 1] == '\n');
      for (const auto& [name, values] : some) {
        for (Index i = 0; i < values.shape()[0]; ++i) {
          CHECK(same_bits(values[i], draws.at(name)[i]));
        }
      }
    } catch (const Error& error) {
      CHECK(has(error.what(), kFile.c_str()));
    }
  }
}

TEST_CASE("a trace is a file of one draw, with its log joint") {
  const Removed removed;
  const auto model = [] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    deterministic("d", stack({a, 2 * a}, 0));
    sample("y", dist::Normal(a, 1), {.obs = 1});
  };
  const Trace t = h::trace(model).get_trace();
  t.to_csv(kFile);
  const Values row = load_draws(kFile);
  CHECK(row.at("a").at({0}) == t["a"].value.item());
  CHECK(row.at("d").at({0, 1}) == 2 * t["a"].value.item());
  CHECK(row.count("y") == 0);
  const std::string text = detail::read_file(kFile);
  const std::size_t line = text.find("\nlp__,a,d.1,d.2\n");
  REQUIRE(line != std::string::npos);
  CHECK(std::stod(text.substr(line + 16)) == Approx(t.log_prob_sum().item()).epsilon(1e-14));
}

TEST_CASE("the curve of a fit: moving means, relative change, a file") {
  const Removed removed;
  infer::Fit fit;
  fit.losses = {8, 4, 2, 2, 1};
  fit.window = 2;
  fit.seconds = 0.25;
  const std::vector<Real> means = fit.moving_mean();
  CHECK(means == std::vector<Real>{8, 6, 3, 2, Real(1.5)});
  CHECK(fit.relative_change() == Approx(0.5));  // (2 + 1) / 2 after (4 + 2) / 2
  fit.save(kFile);
  const infer::Fit again = infer::Fit::load(kFile);
  CHECK(again.losses == fit.losses);
  CHECK(again.window == 2);
  CHECK(again.seconds == 0.25);
  CHECK_FALSE(again.converged);
  fit.seconds = std::numeric_limits<double>::infinity();
  fit.save(kFile);
  CHECK(infer::Fit::load(kFile).seconds == fit.seconds);
  fit.losses.resize(3);
  CHECK(std::isnan(fit.relative_change()));
  const Real inf = std::numeric_limits<Real>::infinity();
  fit.losses = {std::nan(""), 2, inf, inf, 4};
  const std::vector<Real> finite = fit.moving_mean();
  CHECK(std::isnan(finite[0]));
  CHECK(finite[1] == 2);
  CHECK(finite[2] == 2);
  CHECK(std::isnan(finite[3]));
  CHECK(finite[4] == 4);
  fit.losses = {0, 0, 0, 0};
  CHECK(fit.relative_change() == 0);
  std::ofstream(kFile) << R"({"schema": "ember-fit/1", "losses": 3})";
  CHECK_THROWS_WITH(infer::Fit::load(kFile), Catch::Contains("/losses"));
}
