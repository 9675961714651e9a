// What exactly happens to masks and scales: a claim a test.
#include <ember/ember.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

}  // namespace

TEST_CASE("a scalar site under a mask of three counts up to three times, and so does a scale") {
  const auto model = [] { sample("x", dist::Normal(0, 1), {.obs = 0}); };
  const Real one = dist::Normal(0, 1).log_prob(0).item();
  CHECK(h::trace(h::mask(model, mask_of({true, true, false}))).get_trace().log_prob_sum().item() ==
        Approx(2 * one));
  const Trace t = h::trace(h::scale(model, tensor({1, 2, 3}))).get_trace();
  CHECK(t.log_prob_sum().item() == Approx(6 * one));
  CHECK(t["x"].log_prob().shape() == Shape{3});
}

TEST_CASE("a mask or scale that does not broadcast is an error with the site and both shapes") {
  const auto model = [] { sample("x", dist::Normal(zeros({4}), 1), {.obs = zeros({4})}); };
  const auto masked = [&] { h::trace(h::mask(model, mask_of({true, false, true}))).get_trace(); };
  const std::string mask = error_of(masked);
  INFO(mask);
  CHECK(has(mask, "'x'"));
  CHECK(has(mask, "(3,)"));
  CHECK(has(mask, "(4,)"));
  const std::string scale = error_of([&] { h::trace(h::scale(model, ones({3}))).get_trace(); });
  CHECK(has(scale, "'x'"));
  CHECK(has(scale, "(3,)"));
}

TEST_CASE("a site's mask has the shape of the elements; handler masks get trailing ones") {
  const Mask own = mask_of({true, false, true, true, true, true}, {2, 3});
  const Trace t = h::trace([&] {
                    with inside(h::mask(mask_of({true, false})));
                    sample("x", dist::Normal(zeros({2, 3}), 1).mask(own).to_event(1));
                  }).get_trace();
  CHECK(t["x"].mask == mask_of({true, false, true, false, false, false}, {2, 3}));
  CHECK(t["x"].log_prob().shape() == Shape{2});
}

TEST_CASE("a visible -infinity is a legal log density; behind a mask it counts 0") {
  const auto model = [](bool hidden) {
    const Mask seen = mask_of({true, !hidden});
    sample("x", dist::Categorical({.logits = tensor({0.0, -kInfinity})}).expand({2}).mask(seen),
           {.obs = tensor({0, 1})});
  };
  CHECK(h::trace(model).get_trace(false).log_prob_sum().item() == -kInfinity);
  CHECK(h::trace(model).get_trace(true).log_prob_sum().item() == 0);
}

TEST_CASE("a scale is differentiable") {
  const auto joint = [](std::span<const Tensor> in) {
    return h::trace(h::scale(
                        [] {
                          sample("x", dist::Normal(0, 1), {.obs = tensor({1.0, 2.0})});
                        },
                        in[0]))
        .get_trace()
        .log_prob_sum();
  };
  const auto grads = value_and_grad(joint, {tensor({0.5, 3.0})}).grads;
  CHECK(grads[0].at({1}) == Approx(dist::Normal(0, 1).log_prob(2).item()));
}

TEST_CASE("latent sites that handlers hide are not drawn from: their parameters are not read") {
  const Trace t = h::trace(h::mask(
                               [] {
                                 sample("x", dist::Normal(tensor({0.0, kNaN}), 1));
                               },
                               mask_of({true, false})))
                      .get_trace();
  CHECK(std::isfinite(t["x"].value.at({1})));
}

TEST_CASE("a mask may enlarge a site outside of plates, and not inside of them") {
  const Mask three = mask_of({true, false, true});
  const Trace t =
      h::trace(h::mask([] { sample("x", dist::Normal(0, 1), {.obs = 1}); }, three)).get_trace();
  CHECK(t["x"].log_prob_sum().item() == Approx(2 * dist::Normal(0, 1).log_prob(1).item()));
  check_error(
      [&] {
        h::trace([&] {
          plate rows("rows", 3);
          with inside(h::mask(three.reshape({3, 1})));
          sample("x", dist::Normal(0, 1));
        }).get_trace();
      },
      {"x", "(3, 1)", "(3,)"});
}

TEST_CASE("inside of a plate a scale or obs_mask that would repeat a site is an error") {
  const auto scaled = [] {
    h::trace([] {
      plate rows("rows", 3);
      with inside(h::scale(ones({3, 1})));
      sample("x", dist::Normal(0, 1));
    }).get_trace();
  };
  check_error(scaled, {"site 'x'", "scale", "(3, 1)", "(3,)", "-2"});
  const auto observed = [] {
    h::trace([] {
      plate rows("rows", 3);
      sample("x", dist::Normal(0, 1),
             {.obs = zeros({3}), .obs_mask = mask_of({true, false, true}).reshape({3, 1})});
    }).get_trace();
  };
  check_error(observed, {"site 'x_observed'", "obs_mask", "(3, 1)", "(3,)"});
}

TEST_CASE("after to_event a mask that would enlarge the batch is an error; before it none") {
  const auto normal = dist::Normal(zeros({2, 2}), 1);
  const Mask cells = mask_of({true, false, true, true}, {2, 2});
  check_error([&] { normal.to_event(1).mask(cells); }, {"(2, 2)", "(2,)", "before to_event"});
  CHECK(normal.mask(cells).to_event(1).batch_shape() == Shape{2});
  CHECK(normal.to_event(1).mask(mask_of({true, false})).batch_shape() == Shape{2});
}

TEST_CASE("-infinity or NaN behind a handler's mask counts 0, in density and gradient") {
  const auto joint = [](std::span<const Tensor> in) {
    const auto model = [&] {
      sample("x", dist::Normal(in[0], 1), {.obs = tensor({1.0, kNaN, kInfinity})});
    };
    return h::trace(h::mask(model, mask_of({true, false, false}))).get_trace().log_prob_sum();
  };
  const auto [value, grads] = value_and_grad(joint, {tensor({0.0, 1.0, kNaN})});
  CHECK(value == Approx(dist::Normal(0, 1).log_prob(1).item()));
  CHECK(same_bits(grads[0], tensor({1, 0, 0})));
}

TEST_CASE("a scale is applied to what is visible alone, and may be anything elsewhere") {
  for (const Real bad : {Real(0), Real(-1), kNaN, kInfinity}) {
    const auto model = [&](const Mask& seen) {
      with inside(h::mask(seen), h::scale(tensor({2.0, bad})));
      sample("x", dist::Normal(zeros({2}), 1), {.obs = zeros({2})});
    };
    const Trace t = h::trace(model).get_trace(mask_of({true, false}));
    CHECK(t.log_prob_sum().item() == Approx(2 * dist::Normal(0, 1).log_prob(0).item()));
    CHECK(t["x"].log_prob().at({1}) == 0);
    check_error([&] { h::trace(model).get_trace(mask_of({true, true})); }, {"site 'x'", "scale"});
    const auto hidden = [&] {
      with inside(h::mask(false), h::scale(bad));
      sample("x", dist::Normal(0, 1), {.obs = 0});
    };
    CHECK(h::trace(hidden).get_trace().log_prob_sum().item() == 0);
  }
}

TEST_CASE("batch dims that no plate declares are allowed, and guides fit them") {
  param_store().clear();
  set_rng_seed(6);
  const auto model = [] {
    const Tensor x = sample("x", dist::Normal(zeros({2}), 1));
    sample("y", dist::Normal(x, 1), {.obs = tensor({2, 4})});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 400; ++i) svi.step();
  CHECK(guide.median().at("x").at({1}) == Approx(2).margin(0.01));
}

TEST_CASE("masks of distribution, handlers and obs_mask combine by and; each is counted") {
  const Mask own = mask_of({true, true, true, false});
  const Mask outer = mask_of({true, true, false, false});
  const Mask obs = mask_of({true, false, true, true});
  const Trace t =
      h::trace([&] {
        with inside(h::mask(outer));
        sample("y", dist::Normal(zeros({4}), 1).mask(own), {.obs = arange(4), .obs_mask = obs});
      }).get_trace();
  CHECK(t["y_observed"].mask == mask_of({true, false, false, false}));
  CHECK(t["y_unobserved"].mask == mask_of({false, true, false, false}));
  CHECK(t["y_observed"].log_prob_sum().item() == Approx(normal_lp(0, 0, 1)));
  const Site::Hidden hidden = t["y_observed"].hidden();
  CHECK(hidden.distribution == 1);
  CHECK(hidden.handlers == 2);
  CHECK(hidden.obs == 1);
  CHECK(t["y"].kind == SiteKind::deterministic);
  CHECK(t["y"].value.at({0}) == 0);
  CHECK(t["y"].value.at({1}) == t["y_unobserved"].value.at({1}));
}

TEST_CASE("scales multiply; a tensor scale broadcasts like a mask; a bad one is an error") {
  const auto model = [] { sample("x", dist::Normal(zeros({2}), 1), {.obs = tensor({0.0, 1.0})}); };
  const Trace t = h::trace(h::scale(h::scale(model, tensor({1.0, 3.0})), 0.5)).get_trace();
  CHECK(t["x"].log_prob().at({0}) == Approx(0.5 * normal_lp(0, 0, 1)));
  CHECK(t["x"].log_prob().at({1}) == Approx(1.5 * normal_lp(1, 0, 1)));
  CHECK(t["x"].log_prob_sum().item() ==
        Approx(0.5 * normal_lp(0, 0, 1) + 1.5 * normal_lp(1, 0, 1)));
  check_error([&] { h::trace(h::scale(model, 0)).get_trace(); }, {"x", "scale"});
  check_error([&] { h::trace(h::scale(model, tensor({1.0, kNaN}))).get_trace(); }, {"x", "scale"});
  // what is hidden may have any scale
  const Trace hidden =
      h::trace(h::mask(h::scale(model, tensor({1.0, kNaN})), mask_of({true, false}))).get_trace();
  CHECK(hidden.log_prob_sum().item() == Approx(normal_lp(0, 0, 1)));
}

TEST_CASE("a loss or gradient that is not finite is an error naming the site where it began") {
  begin(1);
  param_store().set("loc", 0.0);
  const auto bad_loss = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("fine", dist::Normal(mu, 1), {.obs = 1});
    factor("broken", log(mu * 0 - 1));
  };
  infer::SVI svi(
      bad_loss, [] { sample("mu", dist::Normal(param("loc", 0.0), 1)); }, infer::Adam());
  const std::string loss = error_of([&] { svi.step(); });
  INFO(loss);
  CHECK(has(loss, "broken"));
  CHECK(param_store().get("loc").item() == 0);

  begin(1);
  param_store().set("loc", 0.0);
  const auto bad_gradient = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("fine", dist::Normal(mu, 1), {.obs = 1});
    factor("broken", sqrt(mu * 0));  // 0, with an infinite slope
  };
  infer::SVI slope(
      bad_gradient, [] { sample("mu", dist::Normal(param("loc", 0.0), 1)); }, infer::Adam());
  const std::string gradient = error_of([&] { slope.step(); });
  INFO(gradient);
  CHECK(has(gradient, "broken"));
  CHECK(has(gradient, "loc"));
  CHECK(param_store().get("loc").item() == 0);
  CHECK(detail::handler_depth() == 0);
}

TEST_CASE("what is not finite is found in any particle, and in the guide") {
  const auto message = [](auto model, auto guide) {
    begin(1);
    infer::SVI svi(model, guide, infer::Adam(), infer::TraceELBO({.num_particles = 2}));
    return error_of([&] { svi.step(); });
  };
  // the first particle's draw is about 1, the second one's -1
  int draws = 0;
  const auto in_turn = [&] {
    const Real loc = draws++ % 2 == 0 ? 1 : -1;
    sample("mu", dist::Normal(loc + param("loc", 0.0), 1e-3));
  };
  const std::string loss = message(
      [] { factor("first", where(sample("mu", dist::Normal(0, 1)) > 0, -kInfinity, 0)); }, in_turn);
  CHECK(has(loss, "the model's site 'first', whose log density is -inf"));
  const std::string slope = message(
      [] {
        const Tensor mu = sample("mu", dist::Normal(0, 1));
        factor("first", mu.item() > 0 ? sqrt(mu * 0) : mu * 0);
      },
      in_turn);
  CHECK(has(slope, "param 'loc' is not finite; it began at site 'first'"));

  const auto model = [] { sample("mu", dist::Normal(0, 1)); };
  const auto bad_scale = [] { return sqrt(square(param("loc", 0.0))); };  // its slope at 0 is NaN
  const std::string in_guide = message(model, [&] { sample("mu", dist::Normal(bad_scale(), 1)); });
  CHECK(has(in_guide, "param 'loc' is not finite; it began at the guide's site 'mu'"));
  const std::string nowhere = message(model, [&] { sample("mu", dist::Delta(bad_scale())); });
  CHECK(has(nowhere, "param 'loc' is not finite; it began in the guide"));
  param_store().clear();
}

TEST_CASE("an event that is atomic counts as one element") {
  const dist::Distribution normal = dist::MultivariateNormal(
      {.loc = tensor({{0.0, 0.0}, {kNaN, 0.0}, {1.0, 1.0}}), .scale_tril = eye(2)});
  const Mask seen = mask_of({true, false, true});
  for (const auto& d : {normal.mask(seen), normal.mask(seen).to_event(1)}) {
    const Trace t = h::trace([&] { sample("x", d, {.obs = zeros({3, 2})}); }).get_trace();
    CHECK(t["x"].mask == seen);
    CHECK(t["x"].hidden().distribution == 1);
    CHECK(t["x"].log_prob_sum().item() == Approx(2 * normal_lp(0, 0, 1) + 2 * normal_lp(0, 1, 1)));
  }
}
