// Traces as files: what is written comes back, bit for bit; what is damaged is an Error that says
// where.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include <ember/core/json.hpp>
#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
using nlohmann::json;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

// Every kind of site, wrapper, mask, scale and plate.
void model() {
  const Tensor mu = sample("mu", dist::Normal(0.1, 3));
  const Tensor s = sample("s", dist::Transformed(dist::Normal(0, 1), {transforms::exp()}));
  sample("w", dist::Normal(0, 1).expand({2, 3}).mask(mask_of({true, false, true})).to_event(1));
  param("rate", 0.3, constraints::positive);
  plate outer("outer", 100, {.subsample = Indices{3, 50}});
  plate inner("inner", 3);
  {
    with inside(h::mask(mask_of({true, true, false, true, true, true}, {3, 2})), h::scale(0.7),
                h::scale(tensor({1.0, 2.0})));
    sample("x", dist::Normal(mu, s),
           {.obs = tensor({{0.1, kNaN}, {kNaN, 2}, {3, -kInfinity}}),
            .obs_mask = mask_of({true, false, true, true, false, false}, {3, 2})});
  }
  sample("k", dist::Categorical({.logits = tensor({0.1, -kInfinity, 2})}));
  sample("z", dist::Normal(0, 1), {.infer = {{"is_auxiliary", true}, {"note", std::string("a")}}});
  factor("f", -square(mu));
  deterministic("twice", 2 * mu);
}

Trace make_trace() {
  set_rng_seed(11);
  param_store().clear();
  return h::trace(model).get_trace();
}

std::string error_of_reading(const json& damaged) {
  return error_of([&] { Trace::from_json(damaged); });
}

}  // namespace

TEST_CASE("a trace comes back from its JSON text with the same bits everywhere") {
  const Trace t = make_trace();
  const json first = t.to_json();
  const Trace again = Trace::from_json(json::parse(first.dump()));
  REQUIRE(again.size() == t.size());
  for (const Site& site : t) {
    INFO(site.name.str());
    const Site& other = again[site.name];
    CHECK(same_bits(site.value, other.value));
    CHECK(site.kind == other.kind);
    CHECK(site.is_observed == other.is_observed);
    CHECK(site.mask == other.mask);
    CHECK(site.plates.size() == other.plates.size());
    CHECK(site.infer == other.infer);
    // computed anew from the file alone
    CHECK(same_bits(site.log_prob(), other.log_prob()));
    CHECK(same_bits(site.log_prob_sum(), other.log_prob_sum()));
    if (!site.has_distribution()) continue;
    CHECK(same_bits(site.scale.value(), other.scale.value()));
    CHECK(site.distribution.batch_shape() == other.distribution.batch_shape());
    CHECK(site.distribution.event_shape() == other.distribution.event_shape());
  }
  for (const json& stored : first["sites"]) {
    if (!stored.contains("log_prob")) continue;
    const Site& site = again[Name(stored["name"].get<std::string>())];
    CHECK(same_bits(site.log_prob(), tensor_from_json(stored["log_prob"], "")));
    CHECK(site.log_prob_sum().item() == stored["log_prob_sum"].get<Real>());
  }
  CHECK(again.plates().size() == 2);
  CHECK(again.plates()[0].indices->values()[1] == 50);
  CHECK(again.to_json() == first);
}

TEST_CASE("a saved trace is good for replay and condition") {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".json"))
          .string();
  const Trace t = make_trace();
  t.save(file);
  const Trace loaded = Trace::load(file);
  std::remove(file.c_str());
  const Trace replayed = h::trace(h::replay(model, loaded)).get_trace();
  CHECK(replayed.log_prob_sum().item() == t.log_prob_sum().item());
  const Trace conditioned = h::trace(h::condition(model, loaded)).get_trace();
  CHECK(conditioned["mu"].is_observed);
  CHECK(conditioned["mu"].value.item() == t["mu"].value.item());
}

TEST_CASE("masks are written as bits or runs, whichever is shorter") {
  const Mask few = mask_of({true, false, true});
  CHECK(to_json(few)["bits"] == "101");
  std::vector<std::uint8_t> bytes(1000, 1);
  bytes[0] = 0;
  const Mask long_run = Mask::from_bytes({10, 100}, bytes);
  CHECK(to_json(long_run)["runs"] == json::array({1, 999}));
  for (const Mask& m : {few, long_run, Mask(true), Mask(false), Mask::filled({0, 3}, true),
                        Mask::filled({5}, false)}) {
    CHECK(mask_from_json(to_json(m), "") == m);
  }
}

TEST_CASE("all or none of a large mask is one run, and nothing is formed") {
  const Shape shape{Index{1} << 20, Index{1} << 20};
  constexpr Index n = Index{1} << 40;
  CHECK(to_json(Mask::filled(shape, false))["runs"] == json::array({n}));
  CHECK(to_json(Mask::filled(shape, true))["runs"] == json::array({0, n}));
  for (const bool counts : {false, true}) {
    const Mask state = Mask::filled(shape, counts);
    CHECK(mask_from_json(json::parse(to_json(state).dump()), "") == state);
  }
  const auto error_with = [&](const json& runs) {
    return error_of([&] { mask_from_json({{"shape", to_json(shape)}, {"runs", runs}}, "/m"); });
  };
  CHECK(has(error_with({0, 1, n - 1}), "/m/shape: the mask has too many elements"));
  CHECK(has(error_with(json::array()), "/m/shape: the mask has too many elements"));
  CHECK(has(error_with({1, n - 1}), "/m/runs/0"));
  CHECK(has(error_with(json::array({n - 1})), "/m: the run does not fill"));
  CHECK(has(error_with({0, n + 1}), "/m/runs/1"));
}

TEST_CASE("numbers that are not finite come back") {
  const Tensor x = tensor({kNaN, kInfinity, -kInfinity, Real(0.1), Real(-0.0)});
  const json j = to_json(x);
  CHECK(j["data"][0] == "NaN");
  CHECK(j["data"][2] == "-Infinity");
  const Tensor back = tensor_from_json(json::parse(j.dump()), "");
  CHECK(std::isnan(back.at({0})));
  CHECK(std::signbit(back.at({4})));
  CHECK(back.at({3}) == Real(0.1));
}

TEST_CASE("notes come back whatever they are: truths, texts and all numbers") {
  const Infer notes{{"truth", true},
                    {"text", "Infinity"},
                    {"number", 0.5},
                    {"bound", kInfinity * 1.0},
                    {"low", -kInfinity * 1.0}};
  const Trace t = h::trace([&] { sample("x", dist::Normal(0, 1), {.infer = notes}); }).get_trace();
  const Trace back = Trace::from_json(json::parse(t.to_json().dump()));
  CHECK(back["x"].infer == notes);
  const Trace none = h::trace([] {
                       sample("x", dist::Normal(0, 1), {.infer = {{"n", std::nan("")}}});
                     }).get_trace();
  const Trace again = Trace::from_json(json::parse(none.to_json().dump()));
  CHECK(std::isnan(std::get<double>(again["x"].infer.at("n"))));
}

TEST_CASE("a family that this program does not know is kept as data") {
  json j = make_trace().to_json();
  for (json& site : j["sites"]) {
    if (site["name"] == "mu") site["distribution"]["family"] = "Sombrero";
  }
  const Trace t = Trace::from_json(j);
  CHECK(t["mu"].log_prob_sum().item() == j["sites"][0]["log_prob_sum"].get<Real>());
  CHECK(t.to_json() == j);
  CHECK_THROWS_AS(t["mu"].distribution.log_prob(0.0), Error);
}

TEST_CASE("what is damaged is an Error with the JSON path and the reason") {
  const json good = make_trace().to_json();
  const auto damaged = [&](const char* pointer, const json& value) {
    json j = good;
    j[json::json_pointer(pointer)] = value;
    return error_of_reading(j);
  };
  const auto has = [](const std::string& text, const char* part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(damaged("/schema", "ember-trace/9"), "/schema");
  has(damaged("/sites", 3), "/sites");
  has(damaged("/sites/0/value", "x"), "/sites/0/value");
  has(damaged("/sites/0/value/data/0", "one"), "/sites/0/value/data/0");
  has(damaged("/sites/0/value/shape", json::array({2})), "/sites/0/value/data");
  has(damaged("/sites/0/value/shape", json::array({-1})), "/sites/0/value/shape/0");
  has(damaged("/sites/0/value/shape", json::array({1e30})), "/sites/0/value/shape/0");
  has(damaged("/sites/0/kind", "lurking"), "/sites/0/kind");
  has(damaged("/sites/0/is_observed", 1), "/sites/0/is_observed");
  has(damaged("/sites/0/distribution/parameters", json::object()), "/sites/0/distribution");
  has(damaged("/sites/0/distribution/elements", json::array({0, 2})), "/sites/0");
  has(damaged("/sites/0/mask", json{{"shape", {2}}, {"bits", "01"}}), "/sites/0/mask");
  has(damaged("/sites/0/name", "s"), "'s'");
  has(damaged("/plates/0/dim", 2), "/plates/0/dim");
  has(damaged("/plates/0/indices/1", 100), "/plates/0/indices/1");
  json without = good;
  without["sites"][1].erase("log_prob");
  has(error_of_reading(without), "log_prob");
  has(error_of([] { Trace::load("/nowhere/at/all.json"); }), "/nowhere/at/all.json");
}

TEST_CASE("the table shows what each source of masks hides") {
  const std::string table = make_trace().format_table();
  INFO(table);
  CHECK(table.find("x_observed") != std::string::npos);
  CHECK(table.find("handlers 1, obs 3") != std::string::npos);
  // of what counts alone: 0.1 and 2
  CHECK(table.find("mean 1.05 in [0.1, 2]") != std::string::npos);
  CHECK(table.find("log joint:") != std::string::npos);
}

TEST_CASE("a misspelled transform or constraint is told what there is") {
  CHECK(
      error_of([] {
        transform_from_json({{"type", "Sigmiod"}}, "/t");
      }) ==
      "json /t/type: 'Sigmiod' is no transform that this program knows; did you mean 'Sigmoid'? it "
      "knows Identity, Exp, Sigmoid, Tanh, Softplus, StickBreaking, Softmax, LowerCholesky, "
      "PositiveDefinite, Power, Affine, Compose, Inverse, Independent");
  CHECK(
      error_of([] {
        constraint_from_json({{"kind", "postive"}, {"event_axes", 0}}, "/c");
      }) ==
      "json /c/kind: 'postive' is no constraint; did you mean 'positive'? constraints are real, "
      "positive, nonnegative, unit_interval, greater_than, greater_than_eq, less_than, interval, "
      "half_open_interval, simplex, lower_cholesky, positive_definite, boolean, integer_interval, "
      "nonnegative_integer, any");
  for (const char* type : {"Identity", "Exp", "Tanh", "Softmax", "PositiveDefinite"}) {
    const nlohmann::json text{{"type", type}};
    CHECK(to_json(transform_from_json(text, "")) == text);
  }
}
