// What exactly happens at partially observed sites: a claim a test.
#include <ember/ember.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// What each message looked like when it came by, on its way out.
struct Seen : h::Handler {
  void process(Message& message) override { messages.push_back(message); }
  std::vector<Message> messages;
};

Tensor half_seen() {
  return sample("x", dist::Normal(0, 1).expand({2}),
                {.obs = tensor({1.0, kNaN}), .obs_mask = mask_of({true, false})});
}

}  // namespace

TEST_CASE("condition on the name of a partially observed site makes it a plain one") {
  const Mask seen = mask_of({true, false});
  const auto model = [&] {
    return sample("x", dist::Normal(zeros({2}), 1), {.obs = tensor({1.0, kNaN}), .obs_mask = seen});
  };
  const Trace t = h::trace(h::condition(model, {{"x", tensor({5, 6})}})).get_trace();
  REQUIRE(t.size() == 1);
  CHECK(t["x"].kind == SiteKind::observed);
  const Trace part = h::trace(h::condition(model, {{"x_unobserved", tensor({5, 6})}})).get_trace();
  CHECK(part["x"].value.at({0}) == 1);
  CHECK(part["x"].value.at({1}) == 6);
  CHECK(part.log_prob_sum().item() == Approx(normal_lp(1, 0, 1) + normal_lp(6, 0, 1)));
}

TEST_CASE("first comes a message under the site's own name, then the two parts, then their union") {
  Seen seen;
  {
    const with inside(seen);
    half_seen();
  }
  using Kind = Message::Kind;
  REQUIRE(seen.messages.size() == 4);
  const char* names[] = {"x", "x_observed", "x_unobserved", "x"};
  const Kind kinds[] = {Kind::partial, Kind::sample, Kind::sample, Kind::deterministic};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(seen.messages[i].name == names[i]);
    CHECK(seen.messages[i].kind == kinds[i]);
  }
  CHECK(seen.messages[0].distribution.batch_shape() == Shape{2});
  CHECK(seen.messages[0].value.at({0}) == 1);
  CHECK(*seen.messages[0].obs_mask == mask_of({true, false}));
  CHECK(*seen.messages[1].obs_mask == mask_of({true, false}));
  CHECK(*seen.messages[2].obs_mask == mask_of({false, true}));
  CHECK(seen.messages[1].is_observed);
  CHECK_FALSE(seen.messages[2].is_observed);
}

TEST_CASE("plates, masks and scales do not act on the first message, and the trace lacks it") {
  Seen seen;
  auto tracer = h::trace();
  {
    const with inside(tracer, seen);
    plate p("p", 4, {.subsample = Indices{0, 1}});
    const with masked(h::mask(mask_of({true, false})), h::scale(3));
    half_seen();
  }
  const Message& first = seen.messages[1];  // after the plate's
  REQUIRE(first.kind == Message::Kind::partial);
  CHECK(first.plates.empty());
  CHECK(first.mask.is_all());
  CHECK(first.scale.is_one());
  const Trace& t = tracer.get();
  CHECK(t.size() == 3);
  CHECK(t["x"].kind == SiteKind::deterministic);
  CHECK(t["x_observed"].scale.item() == 6);
  CHECK(t["x_unobserved"].scale.item() == 6);
  CHECK(t["x_unobserved"].mask.is_none());
}

TEST_CASE("a handler may change distribution, obs and obs_mask of the first message") {
  struct Change : h::Handler {
    void process(Message& message) override {
      if (message.kind != Message::Kind::partial) return;
      message.distribution = dist::Normal(tensor({10, 20}), 1);
      message.value = tensor({12, 23});
      message.obs_mask = mask_of({false, true});
    }
  };
  Change change;
  const with inside(change);
  const Trace t = h::trace(h::replay(half_seen, {{"x_unobserved", tensor({11, 0})}})).get_trace();
  CHECK(same_bits(t["x"].value, tensor({11, 23})));
  CHECK(t["x_observed"].log_prob_sum().item() == Approx(normal_lp(23, 20, 1)));
  CHECK(t["x_unobserved"].log_prob_sum().item() == Approx(normal_lp(11, 10, 1)));
}

TEST_CASE("the site's value is put together by selection, whole events at once") {
  const auto model = [] {
    return sample("x", dist::Normal(zeros({2, 2}), 1).to_event(1),
                  {.obs = tensor({{1.0, 2.0}, {kNaN, kNaN}}), .obs_mask = mask_of({true, false})});
  };
  const Tensor drawn = tensor({{kNaN, kNaN}, {3.0, 4.0}});
  CHECK(same_bits(h::condition(model, {{"x_unobserved", drawn}})(), tensor({{1, 2}, {3, 4}})));
}

TEST_CASE("no NaN of obs reaches anything where obs_mask is false") {
  const auto joint = [](std::span<const Tensor> in) {
    const auto model = [&] {
      const Tensor x =
          sample("x", dist::Normal(in[0], 1), {.obs = in[1], .obs_mask = mask_of({true, false})});
      sample("y", dist::Normal(sum(x), 1), {.obs = 0});
    };
    return h::trace(h::replay(model, {{"x_unobserved", in[2]}})).get_trace().log_prob_sum();
  };
  const auto [value, grads] =
      value_and_grad(joint, {zeros({2}), tensor({1.0, kNaN}), tensor({kNaN, 2.0})});
  CHECK(value == Approx(normal_lp(1, 0, 1) + normal_lp(2, 0, 1) + normal_lp(0, 3, 1)));
  CHECK(same_bits(grads[0], tensor({1, 2})));
  CHECK(grads[1].at({0}) == Approx(-1 - 3));
  CHECK(grads[1].at({1}) == 0);
  CHECK(grads[2].at({0}) == 0);
  CHECK(grads[2].at({1}) == Approx(-2 - 3));
}

TEST_CASE("without obs a site with obs_mask is latent under its own name") {
  const Trace t =
      h::trace([] { sample("x", dist::Normal(0, 1), {.obs_mask = Mask(true)}); }).get_trace();
  REQUIRE(t.size() == 1);
  CHECK(t["x"].kind == SiteKind::latent);
}

TEST_CASE("an unobserved part that is continuous is the guide's: one without it is an error") {
  param_store().clear();
  infer::SVI svi(
      half_seen, [] {}, infer::Adam());
  const std::string text = error_of([&] { svi.step(); });
  INFO(text);
  CHECK(has(text, "site 'x_unobserved'"));
  CHECK(has(text, "the guide lacks it"));
  infer::SVI other(
      half_seen,
      [] {
        sample("x_unobserved", dist::Normal(zeros({2}), 1));
        sample("more", dist::Normal(0, 1));
      },
      infer::Adam());
  const std::string more = error_of([&] { other.step(); });
  INFO(more);
  CHECK(has(more, "site 'more'"));
}

TEST_CASE("guide and model must have the same latent sites") {
  begin(1);
  const auto model = [] { sample("a", dist::Normal(0, 1)); };
  infer::SVI lacks(
      model, [] {}, infer::Adam());
  CHECK(has(error_of([&] { lacks.step(); }), "'a'"));
  const auto more = [] {
    sample("a", dist::Normal(param("loc", 0.0), 1));
    sample("b", dist::Normal(0, 1));
  };
  infer::SVI extra(model, more, infer::Adam());
  const std::string text = error_of([&] { extra.step(); });
  CHECK(has(text, "'b'"));
  CHECK(has(text, "is_auxiliary"));
  const auto auxiliary = [] {
    sample("a", dist::Normal(param("loc", 0.0), 1));
    sample("b", dist::Normal(0, 1), {.infer = {{"is_auxiliary", true}}});
  };
  infer::SVI fine(model, auxiliary, infer::Adam());
  CHECK(std::isfinite(fine.step()));
}

TEST_CASE("guide and model must have the same shapes, but where a mask repeats the model's site") {
  begin(1);
  Index n = 1;
  const auto rows = [&] {
    plate p("p", n);
    sample("z", dist::Normal(0, 1));
  };
  infer::AutoNormal guide(rows);
  infer::SVI svi(rows, guide, infer::Adam());
  svi.step();
  n = 5;
  check_error([&] { svi.step(); }, {"'z'", "(1,)", "(5,)"});

  const auto event = [] { sample("v", dist::Normal(zeros({3}), 1).to_event(1)); };
  infer::SVI wider(
      event,
      [] {
        sample("v", dist::Normal(zeros({2, 3}), 1).to_event(1));
      },
      infer::Adam());
  check_error([&] { wider.step(); }, {"'v'", "(2, 3)", "(3,)"});

  const auto prior = [] { sample("a", dist::Normal(0, 1)); };
  infer::SVI repeated(
      h::mask(prior, mask_of({true, true})), [] { sample("a", dist::Normal(zeros({2}), 1)); },
      infer::Adam());
  CHECK(repeated.step() == Approx(0).margin(1e-9));
}

TEST_CASE("a discrete unobserved part that nobody reads is drawn by the model and counts nothing") {
  begin(2);
  const Tensor k = tensor({1.0, kNaN, 0.0});
  const auto losses = [&](bool with_missing) {
    begin(2);
    const Tensor rows = with_missing ? k : tensor({1.0, 0.0});
    const auto model = [&] {
      const Tensor p = sample("p", dist::Normal(0, 1));
      plate plate_of_rows("rows", rows.numel());
      sample("k", dist::Bernoulli({.logits = p}), {.obs = rows, .obs_mask = !isnan(rows)});
    };
    infer::AutoNormal guide(model);
    infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}));
    return svi.run(20, {}).losses;
  };
  CHECK(losses(true) == losses(false));
}

TEST_CASE("the unobserved part may be conditioned alone") {
  const Trace t = h::trace(h::condition(half_seen, {{"x_unobserved", tensor({5, 7})}})).get_trace();
  CHECK(t["x_unobserved"].is_observed);
  CHECK(same_bits(t["x"].value, tensor({1, 7})));
  CHECK(t.log_prob_sum().item() == Approx(normal_lp(1, 0, 1) + normal_lp(7, 0, 1)));
}
