// h::intervene: what is read downstream, and what each side of it sees.
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

Tensor chain() {
  const Tensor x = sample("x", dist::Normal(0, 1));
  return sample("y", dist::Normal(10 * x, 1));
}

Real normal_lp(Real x, Real loc) { return dist::Normal(loc, 1).log_prob(x).item(); }

}  // namespace

TEST_CASE("what follows reads the given value; the site keeps its own value and density") {
  const auto model = h::condition(h::intervene(chain, {{"x", 2}}), {{"x", 0.5}, {"y", 19}});
  const Trace t = h::trace(model).get_trace();
  CHECK(t["x"].value.item() == 0.5);
  CHECK(t["x"].log_prob_sum().item() == Approx(normal_lp(0.5, 0)));
  CHECK(t["y"].log_prob_sum().item() == Approx(normal_lp(19, 20)));
  // Conditioning further in: the fresh site is observed, and still nothing reads it.
  const Trace inner =
      h::trace(h::intervene(h::condition(chain, {{"x", 0.5}, {"y", 19}}), {{"x", 2}})).get_trace();
  CHECK(inner["x"].is_observed);
  CHECK(inner.log_prob_sum().item() == Approx(t.log_prob_sum().item()));
}

TEST_CASE("the site that is fixed draws what it would draw without") {
  const Real plain = h::trace(h::seed(chain, 3)).get_trace()["x"].value.item();
  const Trace t = h::trace(h::seed(h::intervene(chain, {{"x", 2}}), 3)).get_trace();
  CHECK(t["x"].value.item() == plain);
  CHECK(t["x"].kind == SiteKind::latent);
}

TEST_CASE("handlers further in see a deterministic value") {
  const with inside(h::intervene({{"x", 2}}));
  const Trace t = h::trace(h::condition(chain, {{"y", 19}})).get_trace();
  CHECK(t["x"].kind == SiteKind::deterministic);
  CHECK(t["x"].value.item() == 2);
  CHECK(t.log_prob_sum().item() == Approx(normal_lp(19, 20)));
}

TEST_CASE("of two interventions on a site the inner one is read") {
  const auto value = [](auto model) { return h::intervene(model, {{"x", 7}})().item(); };
  const auto inner = h::intervene([] { return sample("x", dist::Normal(0, 1)); }, {{"x", 1}});
  CHECK(value(inner) == 1);
}

TEST_CASE("deterministic, observed and partially observed sites may be fixed") {
  const auto model = [] {
    const Tensor a = deterministic("a", 1);
    const Tensor b = sample("b", dist::Normal(0, 1), {.obs = 2});
    const Tensor c = sample("c", dist::Normal(zeros({2}), 1),
                            {.obs = tensor({3, 4}), .obs_mask = mask_of({true, false})});
    return a + b + c;
  };
  const auto fixed = h::intervene(model, {{"a", 10}, {"b", 20}, {"c", tensor({30, 40})}});
  const Trace t = h::trace(fixed).get_trace();
  CHECK(same_bits(fixed(), tensor({60, 70})));
  CHECK(t["a"].value.item() == 1);
  CHECK(t["b"].value.item() == 2);
  CHECK(t["c"].value.at({0}) == 3);
}

TEST_CASE("a value broadcasts with the site's; one that does not is an error with both shapes") {
  const auto model = [] {
    const plate p("p", 3);
    return sample("x", dist::Normal(0, 1));
  };
  CHECK(same_bits(h::intervene(model, {{"x", 4}})(), full({3}, 4)));
  const std::string text = error_of([&] { h::intervene(model, {{"x", zeros({2})}})(); });
  INFO(text);
  CHECK(has(text, "site 'x'"));
  CHECK(has(text, "(2,)"));
  CHECK(has(text, "(3,)"));
}

TEST_CASE("a gradient reaches the given value, and not the site from what follows") {
  const auto joint = [](std::span<const Tensor> in) {
    const auto model = h::condition(h::intervene(chain, {{"x", in[0]}}), {{"x", in[1]}, {"y", 19}});
    return h::trace(model).get_trace().log_prob_sum();
  };
  const auto grads = value_and_grad(joint, {Real(2), Real(0.5)}).grads;
  CHECK(grads[0].item() == Approx(10 * (19 - 20)));
  CHECK(grads[1].item() == Approx(-0.5));
}

TEST_CASE("a guide fits a model in which a site is fixed: nothing pulls at that site") {
  param_store().clear();
  set_rng_seed(2);
  const auto model = h::condition(h::intervene(chain, {{"x", 2}}), {{"y", 50}});
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 400; ++i) svi.step();
  CHECK(guide.median().at("x").item() == Approx(0).margin(0.01));
}
