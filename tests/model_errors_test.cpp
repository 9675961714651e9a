// Errors inside of a model: which line of it was the last to run, and what a failed step leaves.
#include <regex>

#include <ember/core/error.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Tensor kWeights = zeros({2, 3});

// What an operator says that meets shapes that do not fit.
void misfit() { static_cast<void>(matmul(kWeights, zeros({2}))); }

void model() {
  sample("mu", dist::Normal(0, 1));
  sample("sigma", dist::HalfNormal(1));
  misfit();
}

// The message without the number of the line.
std::string without_line(const std::string& message) {
  return std::regex_replace(message, std::regex("cpp:[0-9]+"), "cpp:LINE");
}

std::string after(const std::string& site) {
  return error_of(misfit) + "; after site '" + site + "' [model_errors_test.cpp:LINE]";
}

}  // namespace

TEST_CASE("an error of an expression in a model names the last site before it") {
  const std::string expected = after("sigma");
  const auto guide = [] {
    sample("mu", dist::Delta(param("loc", 0.0)));
    sample("sigma", dist::Delta(param("size", 1.0)));
  };
  const auto check = [&](auto&& f) { CHECK(without_line(error_of(f)) == expected); };
  check([] { h::trace(model).get_trace(); });
  check([&] { infer::SVI(model, guide, infer::SGD({.lr = 0.1})).step(); });
  check([&] { infer::SVI(model, guide, infer::SGD({.lr = 0.1})).evaluate_loss(); });
  check([] { infer::AutoNormal(model).set_up(); });
  check([] { infer::log_density(model, Values{{"mu", Tensor(0.0)}, {"sigma", Tensor(1.0)}}); });
  check([] { infer::Predictive(model, infer::PredictiveOptions{.num_samples = 2})(); });
  check([] { infer::log_likelihood(model, Values{{"mu", zeros({2})}, {"sigma", ones({2})}}); });
}

TEST_CASE("an error of a guide's expression names the guide's site") {
  const auto guide = [] {
    sample("mu", dist::Delta(param("loc", 0.0)));
    misfit();
  };
  const infer::SGD sgd({.lr = 0.1});
  CHECK(without_line(error_of([&] { infer::SVI(model, guide, sgd).step(); })) == after("mu"));
}

TEST_CASE("an error that has its place keeps it, one before all sites has none") {
  const auto early = [] {
    misfit();
    sample("mu", dist::Normal(0, 1));
  };
  CHECK(error_of([&] { h::trace(early).get_trace(); }) == error_of(misfit));
  const auto twice = [] {
    sample("mu", dist::Normal(0, 1));
    sample("mu", dist::Normal(0, 1));
  };
  const std::string message = error_of([&] { h::trace(twice).get_trace(); });
  CHECK(message.find("after site") == std::string::npos);
}

TEST_CASE("a failed step leaves the parameter store as it was") {
  param_store().clear();
  param_store().set("kept", 2.0);
  const auto two_params = [] {
    param("kept", 0.0);
    param("new", 1.0);
    sample("mu", dist::Normal(0, 1));
  };
  const auto bad_model = [] {
    param("in_model", zeros({3}));
    sample("mu", dist::Normal(0, 1));
    misfit();
  };
  infer::SVI bad(bad_model, two_params, infer::Adam({.lr = 0.1}));
  const std::vector<std::string> before = param_store().names();
  REQUIRE(before == std::vector<std::string>{"kept"});
  error_of([&] { bad.step(); });
  CHECK(param_store().names() == before);
  error_of([&] { bad.evaluate_loss(); });
  CHECK(param_store().names() == before);
  CHECK(param_store().get("kept").item() == 2.0);

  SECTION("also where the loss is not finite") {
    const auto infinite = [] {
      param("in_model", zeros({3}));
      factor("f", log(sample("mu", dist::Normal(0, 1)) * 0));
    };
    infer::SVI svi(infinite, two_params, infer::Adam({.lr = 0.1}));
    error_of([&] { svi.step(); });
    CHECK(param_store().names() == before);
  }
  SECTION("also where an automatic guide looks at the model for the first time") {
    infer::AutoNormal guide(bad_model);
    infer::SVI svi(bad_model, guide, infer::Adam({.lr = 0.1}));
    error_of([&] { svi.step(); });
    CHECK(param_store().names() == before);
    error_of([&] { guide.set_up(); });
    CHECK(param_store().names() == before);
  }
  SECTION("and an automatic guide makes its own anew in the next step") {
    bool fails = true;
    const auto moody = [&] {
      const Tensor mu = sample("mu", dist::Normal(0, 1));
      if (fails && detail::Tape::current().recording()) misfit();
      sample("y", dist::Normal(mu, 1), {.obs = Tensor(1.0)});
    };
    infer::AutoNormal guide(moody);
    infer::SVI svi(moody, guide, infer::Adam({.lr = 0.1}));
    error_of([&] { svi.step(); });
    fails = false;
    CHECK(std::isfinite(svi.step()));
    CHECK(param_store().names().size() == 3);
  }
  SECTION("also what an automatic guide has made just before") {
    int executions = 0;
    const auto fails_again = [&] {
      sample("mu", dist::Normal(0, 1));
      if (executions++ > 0) misfit();
    };
    for (const bool steps : {true, false}) {
      executions = 0;
      infer::AutoNormal guide(fails_again);
      infer::SVI svi(fails_again, guide, infer::Adam({.lr = 0.1}));
      CHECK(error_of([&] { steps ? svi.step() : svi.evaluate_loss(); }) != "no error");
      CHECK(executions == 2);
      CHECK(param_store().names() == before);
    }
  }
  SECTION("and the same SVI goes on when the mistake is mended") {
    const auto good = [] {
      param("in_model", zeros({3}));
      sample("mu", dist::Normal(0, 1));
    };
    infer::SVI svi(good, two_params, infer::Adam({.lr = 0.1}));
    svi.step();
    CHECK(param_store().names() == std::vector<std::string>{"kept", "new", "in_model"});
  }
  param_store().clear();
}

TEST_CASE("a result too large for memory names the operator") {
  const Tensor long_one = zeros({1000000});
  const std::string text = ": a tensor of shape (1000000, 1000000): memory: ";
  CHECK(error_of([&] { long_one.reshape({1000000, 1}) / long_one; }).starts_with("divide" + text));
  CHECK(error_of([&] { expand(long_one, {1000000, 1000000}); }).starts_with("expand" + text));
  CHECK(error_of([&] {
          value_and_grad(
              [](std::span<const Tensor> x) {
                return sum(x[0].reshape({1000000, 1}) / x[0]);
              },
              {long_one});
        }).starts_with("divide" + text));
}
