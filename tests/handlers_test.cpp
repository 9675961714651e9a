// Primitives and handlers: what a trace records under each of them, in both forms.
#include <ember/ember.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

Tensor two_level(const Tensor& y) {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  plate rows("rows", y.numel());
  const Tensor z = sample("z", dist::Normal(mu, 1));
  sample("y", dist::Normal(z, 2), {.obs = y});
  return deterministic("twice", 2 * z);
}

}  // namespace

TEST_CASE("trace records sites in program order with values, plates and densities") {
  const Tensor y = tensor({1.0, 2.0, 4.0});
  const Trace t =
      h::trace(h::condition(two_level, {{"mu", 0.5}, {"z", tensor({0, 1, 2})}})).get_trace(y);
  REQUIRE(t.size() == 4);
  std::string names;
  for (const Site& site : t) names += site.name.str() + " ";
  CHECK(names == "mu z y twice ");
  CHECK(t["mu"].is_observed);
  CHECK(t["z"].plates.size() == 1);
  CHECK(t["z"].plates[0].dim == -1);
  CHECK(t["y"].kind == SiteKind::observed);
  CHECK(t["twice"].kind == SiteKind::deterministic);
  CHECK(t["twice"].value.at({2}) == 4);
  Real total = normal_lp(0.5, 0, 5);
  const Real zs[] = {0, 1, 2};
  const Real ys[] = {1, 2, 4};
  for (int i = 0; i < 3; ++i) total += normal_lp(zs[i], 0.5, 1) + normal_lp(ys[i], zs[i], 2);
  CHECK(t.log_prob_sum().item() == Approx(total));
  CHECK(t["y"].log_prob().at({1}) == Approx(normal_lp(2, 1, 2)));
  check_error([&] { t["nowhere"]; }, {"nowhere", "mu, z, y, twice"});
}

TEST_CASE("mask works alone in a scope and around a model") {
  const Tensor y = tensor({1.0, kNaN, 3.0});
  const Mask seen = !isnan(y);
  const auto model = [&] { sample("y", dist::Normal(0, 1), {.obs = y}); };
  auto tracer = h::trace();
  {
    with inside(tracer);
    with masked(h::mask(seen));
    model();
  }
  const Real expected = normal_lp(1, 0, 1) + normal_lp(3, 0, 1);
  CHECK(tracer.get().log_prob_sum().item() == Approx(expected));
  CHECK(h::trace(h::mask(model, seen)).get_trace().log_prob_sum().item() == Approx(expected));
  CHECK(tracer.get()["y"].mask == seen);
}

TEST_CASE("replay gives latents the guide's values and plates its members") {
  const auto guide = [] {
    plate p("p", 100, {.subsample_size = 2});
    sample("z", dist::Normal(0, 1));
  };
  const Trace g = h::trace(guide).get_trace();
  const Trace m = h::trace(h::replay(guide, g)).get_trace();
  CHECK(m["z"].value.at({1}) == g["z"].value.at({1}));
  CHECK(m.plates()[0].indices->values()[0] == g.plates()[0].indices->values()[0]);
}

TEST_CASE("block hides sites from handlers further out") {
  const auto model = [] {
    sample("a", dist::Normal(0, 1));
    sample("b", dist::Normal(0, 1));
  };
  CHECK_FALSE(h::trace(h::block(model, {.hide = {"a"}})).get_trace().contains("a"));
  CHECK(h::trace(h::block(model, {.hide = {"a"}})).get_trace().contains("b"));
  CHECK(h::trace(h::block(model, {.expose = {"a"}})).get_trace().size() == 1);
  CHECK(h::trace(h::block(model)).get_trace().empty());
  const auto is_b = [](const Message& m) { return m.name == "b"; };
  CHECK(h::trace(h::block(model, {.predicate = is_b})).get_trace().contains("a"));
}

TEST_CASE("seed gives the same draws at each call and puts the state back") {
  const auto model = [] { return sample("x", dist::Normal(0, 1)); };
  const auto seeded = h::seed(model, 7);
  set_rng_seed(1);
  const Real first = model().item();
  set_rng_seed(1);
  const Real a = seeded().item();
  const Real b = seeded().item();
  CHECK(a == b);
  CHECK(model().item() == first);
  CHECK(model().item() != first);
  {
    with inside(h::seed(7));
    CHECK(model().item() == a);
  }
}

TEST_CASE("condition observes; uncondition draws what is observed, but not factors") {
  const auto model = [] {
    sample("x", dist::Normal(0, 1), {.obs = 100});
    factor("f", -1.5);
  };
  const Trace t = h::trace(h::uncondition(model)).get_trace();
  CHECK_FALSE(t["x"].is_observed);
  CHECK(t["x"].value.item() != 100);
  CHECK(t["f"].kind == SiteKind::factor);
  CHECK(t["f"].log_prob_sum().item() == -1.5);
  with inside(h::condition({{"x", 3}}));
  CHECK(h::trace(model).get_trace()["x"].value.item() == 3);
}

TEST_CASE("substitute fixes parameters without the store") {
  param_store().clear();
  const auto model = [] { return param("w", zeros({2})); };
  CHECK(h::substitute(model, {{"w", tensor({1, 2})}})().at({1}) == 2);
  CHECK_FALSE(param_store().contains("w"));
  CHECK(model().at({1}) == 0);
  CHECK(param_store().contains("w"));
  check_error([] { param("w", zeros({3})); }, {"w", "(2,)", "(3,)"});
  check_error([] { param("w", zeros({2}), constraints::positive); }, {"w", "real", "positive"});
}

TEST_CASE("two sites of one name in an execution are an error") {
  check_error(
      [] {
        h::trace([] {
          sample("x", dist::Normal(0, 1));
          sample("x", dist::Normal(0, 1));
        }).get_trace();
      },
      {"x", "already"});
}

TEST_CASE("each handler works alone in a scope") {
  param_store().clear();
  const auto model = [] {
    const Tensor w = param("w", 1);
    const Tensor x = sample("x", dist::Normal(w, 1));
    sample("y", dist::Normal(x, 1), {.obs = 2});
    return x;
  };
  // What a trace further in sees of it, and the model's result.
  const auto traced = [&] { return h::trace(model).get_trace(); };
  SECTION("trace") {
    auto tracer = h::trace();
    {
      with inside(tracer);
      model();
    }
    CHECK(tracer.get().size() == 3);
    model();
    CHECK(tracer.get().size() == 3);
  }
  SECTION("condition") {
    with inside(h::condition({{"x", 5}}));
    CHECK(model().item() == 5);
    CHECK(traced()["x"].is_observed);
  }
  SECTION("uncondition") {
    with inside(h::uncondition());
    CHECK(traced()["y"].kind == SiteKind::latent);
  }
  SECTION("intervene") {
    with inside(h::intervene({{"x", 5}}));
    CHECK(model().item() == 5);
  }
  SECTION("mask") {
    with inside(h::mask(false));
    CHECK(traced().log_prob_sum().item() == 0);
  }
  SECTION("scale") {
    with inside(h::scale(4));
    CHECK(traced()["y"].scale.item() == 4);
  }
  SECTION("replay") {
    with inside(h::replay({{"x", 5}}));
    CHECK(model().item() == 5);
    CHECK(traced()["x"].kind == SiteKind::latent);
  }
  SECTION("block") {
    auto tracer = h::trace();
    {
      with outside(tracer);
      with inside(h::block({.hide = {"x"}}));
      model();
    }
    CHECK_FALSE(tracer.get().contains("x"));
    CHECK(tracer.get().contains("y"));
  }
  SECTION("seed") {
    Real first = 0;
    {
      with inside(h::seed(3));
      first = model().item();
    }
    with inside(h::seed(3));
    CHECK(model().item() == first);
  }
  SECTION("substitute") {
    with inside(h::substitute({{"w", 9}}));
    CHECK(traced()["w"].value.item() == 9);
  }
  SECTION("lift") {
    with inside(h::lift({{"w", dist::Normal(0, 1)}}));
    CHECK(traced()["w"].kind == SiteKind::latent);
  }
  SECTION("infer_config") {
    with inside(h::infer_config([](const Message&) { return Infer{{"note", true}}; }));
    CHECK(std::get<bool>(traced()["x"].infer.at("note")));
  }
  SECTION("scope") {
    with inside(h::scope("a"));
    CHECK(traced().contains("a/x"));
  }
}

TEST_CASE("infer_config merges its notes into those of sites and parameters") {
  param_store().clear();
  const auto model = [] {
    param("w", 1);
    sample("x", dist::Normal(0, 1), {.infer = {{"kept", 1.0}, {"replaced", 1.0}}});
    deterministic("d", 1);
  };
  const auto rule = [](const Message& message) {
    return Infer{{"replaced", 2.0}, {"of", message.name.str()}};
  };
  const Trace t = h::trace(h::infer_config(model, rule)).get_trace();
  CHECK(t["x"].infer == Infer{{"kept", 1.0}, {"replaced", 2.0}, {"of", std::string("x")}});
  CHECK(std::get<std::string>(t["w"].infer.at("of")) == "w");
  CHECK(t["d"].infer.empty());
}

TEST_CASE("messages go outward through process, and back in through postprocess") {
  struct Log : h::Handler {
    Log(std::string own, std::string& text) : name(std::move(own)), log(text) {}
    void process(Message& message) override {
      log += name + ">";
      if (message.name == "stopped" && name == "b") message.stop = true;
    }
    void postprocess(Message&) override { log += name + "<"; }
    std::string name;
    std::string& log;
  };
  std::string log;
  Log a("a", log), b("b", log), c("c", log);
  with inside(a, b, c);
  sample("x", dist::Normal(0, 1));
  CHECK(log == "c>b>a>a<b<c<");
  log.clear();
  sample("stopped", dist::Normal(0, 1));
  CHECK(log == "c>b>b<c<");
}

TEST_CASE("a handler of one's own gives values, changes distributions and stops messages") {
  // Heavy noise everywhere, and what is called "known" is given.
  struct Own : h::Handler {
    void process(Message& message) override {
      if (message.kind != Message::Kind::sample) return;
      message.scale *= 2;
      if (message.name == "known") {
        message.value = 7;
        message.done = true;
      }
      if (message.name == "wide") message.distribution = dist::Normal(0, 1000);
      if (message.name == "secret") message.stop = true;
    }
    void postprocess(Message& message) override {
      if (message.name == "squared") message.value = square(message.value);
    }
  };
  auto tracer = h::trace();
  with inside(tracer, Own());
  CHECK(sample("known", dist::Normal(0, 1)).item() == 7);
  sample("wide", dist::Normal(0, 1));
  sample("secret", dist::Normal(0, 1));
  const Real squared = sample("squared", dist::Normal(-3, 0.1)).item();
  const Trace& t = tracer.get();
  CHECK(t["squared"].value.item() < 0);
  CHECK(squared == Approx(std::pow(t["squared"].value.item(), 2)));
  CHECK(t["known"].kind == SiteKind::latent);
  CHECK(t["known"].log_prob_sum().item() == Approx(2 * normal_lp(7, 0, 1)));
  CHECK(t["wide"].distribution.variance().item() == Approx(1e6));
  CHECK_FALSE(t.contains("secret"));
}

TEST_CASE("a handler of one's own sees messages and the stack is empty after an error") {
  struct Count : h::Handler {
    void process(Message& message) override { names += message.name.str(); }
    std::string names;
  };
  Count count;
  CHECK_THROWS_AS(
      [&] {
        with inside(count);
        sample("a", dist::Normal(0, 1));
        sample("b", dist::Normal(0, -1));
      }(),
      Error);
  CHECK(count.names == "ab");
  CHECK(detail::handler_depth() == 0);
}

TEST_CASE("a value or prior that a handler has and that is undefined is an error with its name") {
  const auto model = [] { return sample("z", dist::Normal(0, 1)) + param("w", 1); };
  param_store().clear();
  const Values no_z{{"z", Tensor()}};
  check_error([&] { h::condition(model, no_z)(); }, {"site 'z'", "condition", "undefined"});
  check_error([&] { h::intervene(model, no_z)(); }, {"site 'z'", "intervene", "undefined"});
  check_error([&] { h::replay(model, no_z)(); }, {"site 'z'", "replay", "undefined"});
  check_error([&] { h::substitute(model, {{"w", Tensor()}})(); }, {"'w'", "substitute"});
  check_error([&] { h::lift(model, {{"w", dist::Distribution()}})(); }, {"'w'", "lift"});
}

TEST_CASE("replay keeps a statement's own notes and adds those of the trace") {
  const auto model = [] { sample("z", dist::Normal(0, 1), {.infer = {{"own", true}}}); };
  const Trace by_values = h::trace(h::replay(model, Values{{"z", 1}})).get_trace();
  CHECK(by_values["z"].infer == Infer{{"own", true}});
  const Trace noted = h::trace([] {
                        sample("z", dist::Normal(0, 1), {.infer = {{"guide's", 2.0}}});
                      }).get_trace();
  const Trace replayed = h::trace(h::replay(model, noted)).get_trace();
  CHECK(replayed["z"].infer == Infer{{"own", true}, {"guide's", 2.0}});
}

TEST_CASE("every statement needs a name") {
  check_error([] { deterministic("", 1); }, {"deterministic", "needs a name"});
  check_error([] { factor("", 1); }, {"factor", "needs a name"});
  check_error([] { param("", 1); }, {"param", "needs a name"});
  check_error([] { plate p("", 2); }, {"plate", "needs a name"});
}
