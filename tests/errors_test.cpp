// The exact words of the errors that users meet. Each names who, what was wrong with which shapes,
// index or value, and the remedy; errors of a model's statements end with the line of the
// statement. After each the runtime is as before.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <regex>

#include <ember/core/error.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "error_samples.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

std::string message_of(const std::function<void()>& f) {
  const std::vector<std::string> params = param_store().names();
  const std::string message = error_of(f);
  CHECK(detail::handler_depth() == 0);
  CHECK_FALSE(detail::Tape::current().recording());
  CHECK(param_store().names() == params);
  return message;
}

// An error of an operator, a distribution or a file.
void check(const std::function<void()>& f, const std::string& expected) {
  CHECK(message_of(f) == expected);
}

// One of a statement in a model: it ends with the place.
void check_statement(const std::function<void()>& f, const std::string& expected) {
  const std::string message = message_of(f);
  const std::regex place(R"( \[errors_test\.cpp:[0-9]+\]$)");
  INFO(message);
  CHECK(std::regex_search(message, place));
  CHECK(std::regex_replace(message, place, "") == expected);
}

template <class M>
Tensor run(M model) {
  return h::trace(model).get_trace().log_prob_sum();
}

const std::string kMend = "1 of its visible elements does not); mend it, or mask what is missing";

}  // namespace

TEST_CASE("a matrix that is not positive definite") {
  check(
      [] {
        cholesky(tensor({{1, 2}, {2, 1}}));
      },
      "cholesky: shape (2, 2): the leading minor of order 2 is not positive, so that the matrix "
      "is not positive definite; check that it is a covariance, or add a small multiple of "
      "eye(n); where a mask hides the member, put eye(n) in its place");
  check_statement(
      [] {
        run([] {
          sample("x", dist::MultivariateNormal(zeros({2}),
                                               {.covariance_matrix = tensor({{1, 2}, {2, 1}})}));
        });
      },
      "site 'x': MultivariateNormal: covariance_matrix must be symmetric and positive definite "
      "(covariance_matrix has shape (2, 2), " +
          kMend);
}

TEST_CASE("a tensor too large for memory") {
  const std::string message = message_of([] { zeros({1000000, 1000000, 10}); });
  CHECK(message.starts_with("a tensor of shape (1000000, 1000000, 10): memory: "));
  CHECK(message.find(std::to_string(sizeof(Real)) + "0000000000000 bytes) are asked for, and the "
                                                    "machine has ") != std::string::npos);
  CHECK(message.ends_with("; make the shape smaller, or subsample a plate"));
  CHECK(message_of([] {
          expand(Tensor(1.0), {1000000, 1000000, 10});
        }).starts_with("expand: a tensor of shape (1000000, 1000000, 10)"));
  check(
      [] {
        zeros({1'000'000'000, 1'000'000'000, 100});
      },
      "shape: (1000000000, 1000000000, 100) has more elements than memory has addresses");
}

TEST_CASE("plates and sites that do not go together") {
  check_statement(
      [] {
        run([] {
          plate p("p", 3);
          sample("x", dist::Normal(zeros({4}), 1));
        });
      },
      "site 'x': batch shape (4,) has size 4 at dim -1, where plate 'p' has size 3; use to_event "
      "for dims that are not independent, or subsample the parameters");
  check_statement(
      [] {
        plate p("p", 3, {.dim = -1});
        plate q("q", 4, {.dim = -1});
      },
      "plate 'q': dim -1 is taken by plate 'p'; give one of them another dim");
  check_statement(
      [] { plate p("p", 3, {.subsample_size = 5}); },
      "plate 'p': a subsample of 5 is not within the plate's size 3; leave it out, or draw "
      "fewer members");
  const auto indices = [](std::vector<Index> members) {
    return [=] { plate p("p", 3, {.subsample = members}); };
  };
  check_statement(indices({0, 3}),
                  "plate 'p': subsample index 3 is outside of the plate's size 3; "
                  "indices run from 0 to 2");
  check_statement(indices({-1}),
                  "plate 'p': subsample index -1 is outside of the plate's size 3; "
                  "indices run from 0 to 2");
  check_statement(
      [] {
        plate p("p", 3);
        plate q("p", 3);
      },
      "plate 'p': a plate of this name is open; close its block first, or give one of them "
      "another name");
  const std::string members =
      " does not have the plate's size 3; subsample takes what has all members along an axis; name "
      "that axis";
  check([] { plate("p", 3).subsample(kFour); }, "plate 'p': axis 0 of shape (4,)" + members);
  check([] { plate("p", 3).subsample(kMatrix, -1); },
        "plate 'p': axis 1 of shape (3, 2)" + members);
  check([] { plate("p", 3).subsample(kTwoSeen); }, "plate 'p': axis 0 of shape (2,)" + members);
  check([] { plate("p", 3, {.subsample_size = 2}).subsample(kTwoSeen); },
        "plate 'p': axis 0 of shape (2,)" + members);
  check([] { plate("p", 3).subsample(Tensor(1)); },
        "plate 'p': axis 0 of shape () does not exist; a scalar has no axes");
  check_statement(
      [] {
        run([] {
          sample("x", dist::Normal(0, 1));
          sample("x", dist::Normal(0, 1));
        });
      },
      "site 'x': the trace has a site of this name already; each site of an execution needs a "
      "name of its own");
  check_statement(
      [] { run([] { sample("x", dist::Normal(zeros({5}), 1), {.obs = kThree}); }); },
      "site 'x': a value of shape (3,) does not fit batch shape (5,) and event shape (); the "
      "value's shape must broadcast with batch + event");
  check_statement([] { sample("", dist::Normal(0, 1)); }, "sample: a site needs a name");
  check_statement([] { sample("x", dist::Distribution()); },
                  "site 'x': the distribution is undefined; give it a value first");
}

TEST_CASE("guide and model that disagree, with the nearest name") {
  const auto model = [] {
    const Tensor theta = sample("theta", dist::Normal(0, 1));
    sample("y", dist::Normal(theta, 1), {.obs = 1});
  };
  const infer::Adam adam({.lr = 0.1});
  check_statement(
      [&] {
        infer::SVI(
            model, [] { sample("thta", dist::Normal(0, 1)); }, adam)
            .step();
      },
      "site 'theta': is latent in the model, and the guide lacks it; did you mean 'thta'? the "
      "guide's sites are thta");
  check_statement(
      [&] {
        infer::SVI(
            model,
            [] {
              sample("theta", dist::Normal(0, 1));
              sample("extra", dist::Normal(0, 1));
            },
            adam)
            .step();
      },
      "site 'extra': is drawn in the guide, and the model lacks it; the model's latent sites are "
      "theta; mark it with .infer = {{\"is_auxiliary\", true}} if that is meant");
  check_statement(
      [&] {
        infer::SVI(
            h::condition(model, {{"theta", 0.5}}), [] { sample("theta", dist::Normal(0, 1)); },
            adam)
            .step();
      },
      "site 'theta': is drawn in the guide, and is observed in the model; leave it out of the "
      "guide, or let it be latent in the model");
  check_statement(
      [&] {
        infer::SVI(
            model, [] { sample("theta", dist::Normal(zeros({2}), 1)); }, adam)
            .step();
      },
      "site 'theta': the guide draws shape (2,), and the model's site has shape (); they must be "
      "the same; an automatic guide keeps the sizes of its first step, and for others there must "
      "be another guide");
  const Trace t = h::trace(model).get_trace();
  check([&] { static_cast<void>(t["theat"]); },
        "trace: there is no site 'theat'; did you mean 'theta'? its sites are theta, y");
  check([&] { static_cast<void>(t["thet"]); },
        "trace: there is no site 'thet'; did you mean 'theta'? its sites are theta, y");
}

TEST_CASE("masks and scales that do not broadcast") {
  check([] { dist::Normal(kThree, 1).mask(kTwoSeen); },
        "Normal: a mask of shape (2,) does not broadcast with (3,); sizes of matching axes, "
        "counted from the right, must be equal or 1");
  check_statement([] { run(h::mask([] { sample("x", dist::Normal(kThree, 1)); }, kTwoSeen)); },
                  "site 'x': mask: shapes (2,) and (3,)" + kBroadcast);
  check_statement(
      [] {
        run([] { sample("x", dist::Normal(kThree, 1), {.obs = kThree, .obs_mask = kTwoSeen}); });
      },
      "site 'x_observed': obs_mask: shapes (3,) and (2,)" + kBroadcast);
  check_statement(
      [] {
        run(h::scale([] { sample("x", dist::Normal(kThree, 1)); }, tensor({1, 2})));
      },
      "site 'x': scale: shapes (3,) and (2,)" + kBroadcast);
  check_statement([] { run(h::scale([] { sample("x", dist::Normal(kThree, 1)); }, -1)); },
                  "site 'x': scale -1 is not positive and finite; to leave the site out, mask it");
}

TEST_CASE("values outside of the support and bad parameters") {
  const auto observed = [](const dist::Distribution& d, const Tensor& obs) {
    return [=] { run([&] { sample("x", d, {.obs = obs}); }); };
  };
  check_statement(observed(dist::Poisson(3.0), tensor({1, -1})),
                  "site 'x': Poisson: value[1] = -1 must be a whole number, 0 or more (value has "
                  "shape (2,), " +
                      kMend);
  check_statement(observed(dist::Beta(2, 3), 1.5),
                  "site 'x': Beta: value = 1.5 must lie in [0, 1] (value has shape (), " + kMend);
  check_statement(observed(dist::Categorical({.probs = tensor({0.5, 0.5})}), 2),
                  "site 'x': Categorical: value = 2 must be a whole number from 0 to 1 (value has "
                  "shape (), " +
                      kMend);
  check_statement(
      observed(dist::Normal(0, tensor({{1, 1}, {-1, 1}})), 0),
      "site 'x': Normal: scale[1, 0] = -1 must be positive (scale has shape (2, 2), " + kMend);
  check_statement(observed(dist::Normal(tensor({0, kNan}), 1), 0),
                  "site 'x': Normal: loc[1] = nan must not be NaN (loc has shape (2,), " + kMend);
  check_statement(
      observed(dist::Normal(0, 1), tensor({0, kNan})),
      "site 'x': Normal: value[1] = nan must not be NaN (value has shape (2,), " + kMend);
  check_statement([] { run([] {
                         sample("x", dist::Dirichlet(tensor({1, -1})));
                       }); },
                  "site 'x': Dirichlet: concentration[1] = -1 must be positive (concentration has "
                  "shape (2,), " +
                      kMend);
}

TEST_CASE("parameterisations") {
  check([] { dist::Categorical({}); },
        "Categorical: no parameterisation was given; give exactly one of .probs, .logits");
  check([] { dist::Categorical({.probs = kThree, .logits = kThree}); },
        "Categorical: .probs and .logits were given; give exactly one of .probs, .logits");
  check([] { dist::MultivariateNormal(kThree, {}); },
        "MultivariateNormal: no parameterisation was given; give exactly one of .scale_tril, "
        ".covariance_matrix, .precision_matrix");
  check([] { dist::Normal(Tensor(), 1); },
        "Normal: the value of .loc is undefined; give all of .loc, .scale");
  check([] { dist::Normal(kThree, ones({2})); }, "Normal: shapes (3,) and (2,)" + kBroadcast);
}

TEST_CASE("a loss or a gradient that is not finite") {
  param_store().clear();
  const infer::Adam adam({.lr = 0.1});
  const auto guide = [] { sample("t", dist::Normal(param("loc", 0.0), 1)); };
  const auto step = [&](auto f) {
    const auto model = [f] { factor("f", f(sample("t", dist::Normal(0, 1)))); };
    return message_of([&] {
      infer::SVI svi(model, guide, adam);
      param_store().set("loc", 0.0);
      try {
        svi.step();
      } catch (...) {
        param_store().clear();
        throw;
      }
      param_store().clear();
    });
  };
  const std::string loss = step([](const Tensor& t) { return log(-square(t)); });
  CHECK(loss.find("it began at the model's site 'f', whose log density is") != std::string::npos);
  CHECK(loss.find("; look at the data and the priors of that site, or lower the learning rate "
                  "[errors_test.cpp:") != std::string::npos);
  const std::string gradient = step([](const Tensor& t) { return sqrt(t * 0); });
  CHECK(
      gradient.starts_with("SVI: the gradient of param 'loc' is not finite; it began at site "
                           "'f'; look at the data"));
}

TEST_CASE("parameters of another shape or constraint") {
  param_store().set("weights", kThree);
  check_statement([] { param("weights", zeros({2})); },
                  "param 'weights': the store has shape (3,), the statement (2,); rename it, or "
                  "clear the store");
  check_statement([] { param("weights", ones({3}), constraints::positive); },
                  "param 'weights': the store has constraint real, the statement positive; rename "
                  "it, or clear the store");
  check_statement([] { param("wieghts"); },
                  "param 'wieghts': is not in the parameter store; did you mean 'weights'? at "
                  "first it needs an initial value");
  check_statement([] { param("sd", -1.0, constraints::positive); },
                  "param 'sd': value = -1 must be positive (value has shape (), " + kMend);
  check([] { param_store().get("weigths"); },
        "param 'weigths': is not in the parameter store; did you mean 'weights'? param(name, "
        "init) puts it there");
  param_store().clear();
}

TEST_CASE("files that are missing, unreadable or damaged") {
  const std::string here = std::filesystem::current_path().string();
  check([] { Trace::load("absent/trace.json"); },
        "file 'absent/trace.json': can't be opened: No such file or directory; look at its path, "
        "which begins at " +
            here);
  check([] { Trace::load("/absent/trace.json"); },
        "file '/absent/trace.json': can't be opened: No such file or directory; look at its path");
  check([] { Trace().save("absent/trace.json"); },
        "file 'absent/trace.json': can't be written: No such file or directory; make its folder "
        "first");
  check([] { read_csv("absent.csv"); },
        "file 'absent.csv': can't be opened: No such file or directory; look at its path, which "
        "begins at " +
            here);
  check([] { Trace::load("/"); }, "file '/': can't be read: Is a directory; name a file in it");
  std::ofstream("errors_test.json") << "{}";
  check([] { Trace::load("errors_test.json"); },
        "file 'errors_test.json': json /: the key \"schema\" is missing");
  const auto damaged = [](const char* text, const std::string& expected) {
    std::ofstream("errors_test.json") << text;
    check([] { param_store().load("errors_test.json"); }, "file 'errors_test.json': " + expected);
  };
  const std::string whole = "; is the file whole?";
  damaged("{\"schema\": 3",
          "is no valid JSON: line 1, column 13, json /schema: unexpected end of input, expected "
          "'}'" +
              whole);
  damaged("",
          "is no valid JSON: line 1, column 1, json /: unexpected end of input, expected '[', "
          "'{', or a literal" +
              whole);
  damaged("{\"a\": [0,\n  nan]}",
          "is no valid JSON: line 2, column 4, json /a/1: invalid literal, last read: '0,<U+000A>  "
          "na'" +
              whole);
  damaged("{\"a\": 1, \"a\": 2}", "json /a: the key stands here twice; leave one of them out");
  damaged("{\"a\": 1e999}",
          "is no valid JSON: byte 11, json /a: [json.exception.out_of_range.406] number overflow "
          "parsing '1e999'" +
              whole);
  damaged(R"({"schema": "ember-params/1", "parms": []})",
          "json /parms: this key is unknown here; did you mean 'params'? there are schema, params");
  std::remove("errors_test.json");
}

TEST_CASE("draws whose counts differ") {
  check(
      [] {
        infer::summary({{"a", kThree}, {"b", kFour}});
      },
      "draws: those of 'b' have shape (4,), those of 'a' (3,); the first axis counts the draws: "
      "give as many of each site");
  check(
      [] {
        save_draws("errors_test.csv", {{"a", kThree}}, kFour);
      },
      "save_draws: log_density has shape (4,) for 3 draws; give one number a draw");
}

TEST_CASE("tables that seem to have one column say so where it matters") {
  const auto written = [](const char* text) { std::ofstream("errors_test.csv") << text; };
  const auto column = [](const char* name) {
    return [name] { static_cast<void>(read_csv("errors_test.csv")[name]); };
  };
  written("x;y\n1;2\n3;4\n");
  CHECK(read_csv("errors_test.csv", {.separator = ';'})["y"].at({1}) == 4);
  check(column("y"),
        "file 'errors_test.csv': there is no 'y'; it has x;y; if these are several columns, give "
        "{.separator = ';'}");
  written("\nx;y\n1,5;2\n3;4,5\n");
  check(column("y"),
        "file 'errors_test.csv': line 3, column 2: the row has 2 cells, the first one 1; if these "
        "are several columns, give {.separator = ';'}");
  written("x\ty\n1\t2\n");
  check(column("y"),
        "file 'errors_test.csv': there is no 'y'; it has x\ty; if these are several columns, give "
        "{.separator = '\\t'}");
  written("x,y\n1,2\n");
  check([] { static_cast<void>(read_csv("errors_test.csv", {.separator = ';'})["y"]); },
        "file 'errors_test.csv': there is no 'y'; it has x,y; if these are several columns, give "
        "{.separator = ','}");
  written("note\na;b\n");
  check(column("y"), "file 'errors_test.csv': there is no 'y'; it has note");
  check([] { read_csv("errors_test.csv", {.text = {"nota"}}); },
        "file 'errors_test.csv': .text names the column 'nota', which is not there; did you mean "
        "'note'? the columns are note");
  std::remove("errors_test.csv");
}

TEST_CASE("what is under a statement has the place of the innermost one") {
  const std::string message = message_of([] {
    run([] {
      deterministic("d", Tensor(h::trace([] { plate p("p", -1); }).get_trace().log_prob_sum()));
    });
  });
  CHECK(
      message.starts_with("plate 'p': size -1 is negative; sizes are 0 or more [errors_test.cpp:"));
}

TEST_CASE("the nearest of the names that there are") {
  const auto model = [] {
    const Tensor theta = sample("theta", dist::Normal(0, 1));
    sample("y", dist::Normal(theta, 1), {.obs = 1});
  };
  const Trace trace = h::trace(model).get_trace();
  const auto unknown = [&](const std::string& name, const std::string& nearest) {
    check([&] { static_cast<void>(trace[name]); },
          "trace: there is no site '" + name + "'; " + nearest + "its sites are theta, y");
  };
  for (const char* near : {"thata", "thetaa", "heta", "htetaa", "tehta", "thteaa"}) {
    unknown(near, "did you mean 'theta'? ");
  }
  for (const char* far : {"htea", "tht", "ahtet", "tau", "hteat"}) unknown(far, "");
  const Values draws{{"sigma", kThree}, {"theta", kThree}};
  check([&] { infer::summary(draws, {.sites = {"thtea"}}); },
        "summary: there are no draws of 'thtea'; did you mean 'theta'? there are those of sigma, "
        "theta");
  check([&] { infer::summary(draws, {.sites = {"beta"}}); },
        "summary: there are no draws of 'beta'; there are those of sigma, theta");
  const infer::Summary summary = infer::summary({{"theta", kMatrix}});
  check([&] { static_cast<void>(summary["theta[2]"]); },
        "summary: there is no 'theta[2]'; did you mean 'theta[0]'? its first name is 'theta[0]'");
  check(
      [&] {
        infer::log_density(model, {{"thtea", Tensor(0)}});
      },
      "site 'theta': is latent, and no value was given for it; did you mean 'thtea'? log_density "
      "needs the values of all latent sites");
  check(
      [&] {
        infer::log_likelihood(model, {{"thtea", kThree}});
      },
      "site 'theta': is latent, and there are no draws of it; did you mean 'thtea'? "
      "log_likelihood needs draws of all latent sites");
}

TEST_CASE("messages count in words that agree") {
  check(
      [] {
        tensor({{1, 2}, {1}});
      },
      "tensor: a row has 1 item where the first one of its level has 2; rows of a level must have "
      "the same length");
  check([] { tensor(std::vector<Real>{1}, Shape{2}); }, "tensor: 1 value does not fill shape (2,)");
  check(
      [] {
        tensor(std::vector<Real>{1, 2, 3}, Shape{2});
      },
      "tensor: 3 values do not fill shape (2,)");
  check([] { mask_of(std::vector<bool>{true}, Shape{2}); },
        "mask: 1 value does not fill shape (2,)");
  check([] { one_hot(tensor({1}), 1); },
        "one_hot: index 1 is none of 1 class; they are numbered from 0");
  check([] { dist::Normal(kThree, 1).to_event(2); },
        "Normal: to_event(2) of batch shape (3,); the batch has 1 axis");
  check_statement(
      [] { run([] {
             sample("x", dist::Normal(tensor({kNan, kNan}), 1));
           }); },
      "site 'x': Normal: loc[0] = nan must not be NaN (loc has shape (2,), 2 of its visible "
      "elements do not); mend it, or mask what is missing");
  std::ofstream("errors_test.csv") << "a,b\n1,2\n3\n";
  check([] { read_csv("errors_test.csv"); },
        "file 'errors_test.csv': line 3, column 2: the row has 1 cell, the first one 2; put cells "
        "that hold the separator in quotes, or give another .separator");
  check([] { load_draws("errors_test.csv"); },
        "file 'errors_test.csv': line 3, column 2: the row has 1 cell, the header 2; is the file "
        "whole?");
  std::remove("errors_test.csv");
}

TEST_CASE("numbers in messages are written as short as can be, and NaN as nan") {
  check([] { infer::Adam({.lr = -1}); }, "Adam: lr is -1; it must be in [0, inf)");
  check([] { infer::init_to_median(0); },
        "init_to_median: there is no median of 0 draws; num_samples is 1 or more");
  check([] { infer::Adam({.lr = -static_cast<double>(kNan)}); },
        "Adam: lr is nan; it must be in [0, inf)");
  check([] { infer::Adam({.lr = 0.1, .beta1 = 1.5}); }, "Adam: beta1 is 1.5; it must be in [0, 1)");
  check([] { infer::Adam({.lr = 0.1, .clip = {.norm = 0}}); },
        "clip: norm is 0, value is inf; both must be positive; leave out what is not to act");
  check([] { infer::exponential(-0.5); },
        "exponential: a factor of -0.5; it must be finite and not negative");
  check([] { clamp(kThree, 1, -kNan); },
        "clamp: the bounds 1 and nan enclose nothing; the first is the lower one");
  check([] { quantile(kThree, 1.25, 0); }, "quantile: q is 1.25; it is between 0 and 1");
  check_statement([] { run([] { sample("x", dist::Normal(0, -0.1)); }); },
                  "site 'x': Normal: scale = -0.1 must be positive (scale has shape (), " + kMend);
  check_statement([] { run([] { sample("x", dist::Normal(-kNan, 1)); }); },
                  "site 'x': Normal: loc = nan must not be NaN (loc has shape (), " + kMend);
}

TEST_CASE("a run whose window holds no step") {
  const auto model = [] { sample("theta", dist::Normal(0, 1)); };
  infer::SVI svi(model, model, infer::Adam({.lr = 0.1}));
  check([&] { svi.run(3, {.tolerance = 0.1, .window = 0}); },
        "SVI: the window is 0 steps; it is 1 or more");
}
