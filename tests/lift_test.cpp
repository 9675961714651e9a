// h::lift: parameters with priors, and what stands around them.
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

TEST_CASE("a lifted parameter is a latent site from its prior; the store is not asked") {
  param_store().clear();
  const auto model = [] { return param("w", 1, constraints::positive) + param("v", 10); };
  const auto lifted = h::lift(model, {{"w", dist::LogNormal(0, 1)}});
  const Trace t = h::trace(h::condition(lifted, {{"w", 2}})).get_trace();
  CHECK(t["w"].is_observed);
  CHECK(t["w"].log_prob_sum().item() == Approx(dist::LogNormal(0, 1).log_prob(2).item()));
  CHECK(t["v"].kind == SiteKind::param);
  CHECK_FALSE(param_store().contains("w"));
  const Trace drawn = h::trace(lifted).get_trace();
  CHECK(drawn["w"].kind == SiteKind::latent);
  CHECK(drawn["w"].value.item() != h::trace(lifted).get_trace()["w"].value.item());
}

TEST_CASE(
    "plates, masks and scales around the statement act on the lifted site, further in or out") {
  const auto model = [] {
    const plate p("p", 6, {.subsample = Indices{1, 4}});
    const with inside(h::mask(mask_of({true, false})), h::scale(5));
    return param("w", zeros({6}), constraints::real, {.event_dim = 0});
  };
  const h::Priors priors{{"w", dist::Normal(0, 1)}};
  const Tensor w = tensor({0.5, 9.0});
  const Real expected = 3 * 5 * dist::Normal(0, 1).log_prob(0.5).item();
  const Trace t = h::trace(h::condition(h::lift(model, priors), {{"w", w}})).get_trace();
  CHECK(t["w"].value.shape() == Shape{2});
  CHECK(t["w"].plates.size() == 1);
  CHECK(t["w"].scale.item() == 15);
  CHECK(t["w"].mask == mask_of({true, false}));
  CHECK(t["w"].log_prob_sum().item() == Approx(expected));
  // The handlers that stand further in have seen a parameter first.
  const with outside(h::lift(priors));
  const Trace further_in = h::trace(h::condition(model, {{"w", w}})).get_trace();
  CHECK(further_in["w"].log_prob_sum().item() == Approx(expected));
  CHECK(further_in["w"].scale.item() == 15);
}

TEST_CASE("a parameter that is asked for twice is drawn once, wherever the trace stands") {
  const auto model = [] {
    const Tensor first = param("w", 1);
    const with inside(h::scale(3));
    return first - param("w", 1);
  };
  const h::Priors priors{{"w", dist::Normal(0, 1)}};
  auto tracer = h::trace();
  {
    const with inside(tracer);
    CHECK(h::lift(model, priors)().item() == 0);
    CHECK(tracer.get().size() == 1);
    CHECK(tracer.get()["w"].scale.is_one());
  }
  {
    const with inside(h::lift(priors), tracer);
    CHECK(model().item() == 0);
    CHECK(tracer.get().size() == 1);
  }
}

TEST_CASE("a prior that draws another shape is an error with both") {
  const auto model = [] { return param("w", zeros({3})); };
  const std::string text = error_of([&] {
    h::lift(model, {{"w", dist::Normal(zeros({2}), 1)}})();
  });
  INFO(text);
  CHECK(has(text, "param 'w'"));
  CHECK(has(text, "(3,)"));
  CHECK(has(text, "(2,)"));
  CHECK(has(text, "Normal"));
  CHECK(error_of([&] { h::lift(model, {{"w", dist::Normal(zeros({3}), 1)}})(); }) == "no error");
  const auto event = [] {
    const plate p("p", 2);
    return param("w", zeros({2, 3}), constraints::real, {.event_dim = 1});
  };
  CHECK(has(error_of([&] { h::lift(event, {{"w", dist::Normal(0, 1)}})(); }), "(3,)"));
  const auto rows = dist::Normal(zeros({3}), 1).to_event(1);
  CHECK(h::lift(event, {{"w", rows}})().shape() == Shape{2, 3});
}

TEST_CASE("a parameter that substitute fixes further in is none to lift") {
  const auto fixed = h::substitute([] { return param("w", 1); }, {{"w", 5}});
  const Trace t = h::trace(h::lift(fixed, {{"w", dist::Normal(0, 1)}})).get_trace();
  CHECK(t["w"].kind == SiteKind::param);
  CHECK(t["w"].value.item() == 5);
}

TEST_CASE("SVI finds the posterior of a lifted parameter") {
  param_store().clear();
  set_rng_seed(4);
  const auto model = [] {
    const Tensor w = param("w", 0);
    sample("y", dist::Normal(w, 1), {.obs = 3});
  };
  const auto lifted = h::lift(model, {{"w", dist::Normal(0, 1)}});
  infer::AutoDelta guide(lifted);
  infer::SVI svi(lifted, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 400; ++i) svi.step();
  CHECK(guide.median().at("w").item() == Approx(1.5).margin(0.01));
}

TEST_CASE("a lifted site stands where the statement stands") {
  const auto model = [] { return param("w", 1); };
  const Trace t = h::trace(h::lift(model, {{"w", dist::Normal(0, 1)}})).get_trace();
  CHECK(has(t["w"].place.text(), "lift_test.cpp:"));
}
