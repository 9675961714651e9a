// Names: h::scope, sequential_plate, and both together.
#include <ember/ember.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

std::string names_of(const Trace& trace) {
  std::string names;
  for (const Site& site : trace) names += (names.empty() ? "" : " ") + site.name.str();
  return names;
}

std::string plates_of(const Trace& trace) {
  std::string names;
  for (const TracePlate& p : trace.plates()) {
    names += (names.empty() ? "" : " ") + p.frame.name.str();
  }
  return names;
}

Tensor part() {
  const Tensor w = param("w", 1);
  const plate rows("rows", 4, {.subsample_size = 2});
  return deterministic("twice", 2 * sample("x", dist::Normal(w, 1)));
}

}  // namespace

TEST_CASE("scope names sites and plates prefix/name, and leaves parameters alone") {
  param_store().clear();
  const auto model = [] {
    h::scope(part, "a")();
    const with inside(h::scope("b"));
    part();
  };
  const Trace t = h::trace(model).get_trace();
  CHECK(names_of(t) == "w a/x a/twice b/x b/twice");
  CHECK(plates_of(t) == "a/rows b/rows");
  CHECK(t["a/x"].plates[0].name == "a/rows");
  const std::string text = h::trace(h::scope(model, "outer")).get_trace().format_shapes();
  CHECK(has(text, "outer/b/twice"));
  CHECK(has(error_of([] { h::scope(""); }), "prefix"));
}

TEST_CASE("conditioning knows a scoped site by the name that stands where it does") {
  const auto model = [] { return sample("x", dist::Normal(0, 1)); };
  CHECK(h::condition(h::scope(model, "a"), {{"a/x", 3}})().item() == 3);
  CHECK(h::scope(h::condition(model, {{"x", 3}}), "a")().item() == 3);
  CHECK(h::condition(h::scope(model, "a"), {{"x", 3}})().item() != 3);
}

TEST_CASE("the parts of a partially observed site are scoped, and so is its own name") {
  const auto model = [] {
    return sample("x", dist::Normal(zeros({2}), 1),
                  {.obs = tensor({1, 2}), .obs_mask = mask_of({true, false})});
  };
  CHECK(names_of(h::trace(h::scope(model, "a")).get_trace()) == "a/x_observed a/x_unobserved a/x");
  const auto whole = h::condition(h::scope(model, "a"), {{"a/x", tensor({5, 6})}});
  CHECK(names_of(h::trace(whole).get_trace()) == "a/x");
}

TEST_CASE("plates of one name in two scopes are two, and replay finds the members of each") {
  const auto model = [] {
    h::scope(part, "a")();
    h::scope(part, "b")();
  };
  set_rng_seed(1);
  const Trace first = h::trace(model).get_trace();
  const Trace again = h::trace(h::replay(model, first)).get_trace();
  for (const char* name : {"a/x", "b/x"}) CHECK(same_bits(again[name].value, first[name].value));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto members = again.plates()[i].indices->values();
    CHECK(members[0] == first.plates()[i].indices->values()[0]);
    CHECK(members[1] == first.plates()[i].indices->values()[1]);
  }
  const plate rows("rows", 3);
  const with inside(h::scope("a"));
  const plate other("rows", 2);
  CHECK(other.dim() == -2);
  CHECK(
      has(error_of([] { const plate same("rows", 2); }), "'a/rows': a plate of this name is open"));
}

TEST_CASE("an automatic guide of a scoped model finds its subsampled plates") {
  param_store().clear();
  set_rng_seed(3);
  const auto model = h::scope(
      [] {
        const plate rows("rows", 4, {.subsample_size = 2});
        const Tensor x = sample("x", dist::Normal(0, 1));
        sample("y", dist::Normal(x, 1), {.obs = rows.subsample(tensor({2, 4, 6, 8}))});
      },
      "a");
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 1500; ++i) svi.step();
  const Tensor found = guide.median().at("a/x");
  REQUIRE(found.shape() == Shape{4});
  for (Index i = 0; i < 4; ++i) CHECK(found.at({i}) == Approx(1 + i).margin(0.05));
}

TEST_CASE("names inside of a sequential plate get the member as a suffix; parameters do not") {
  param_store().clear();
  const auto model = [] {
    std::vector<Index> members;
    for (Index t : sequential_plate("t", 3)) {
      const Tensor w = param("w", 1);
      deterministic("d", sample("x", dist::Normal(w, 1)));
      members.push_back(t);
    }
    CHECK(members == std::vector<Index>{0, 1, 2});
    sample("after", dist::Normal(0, 1));
  };
  const Trace t = h::trace(model).get_trace();
  CHECK(names_of(t) == "w x_0 d_0 x_1 d_1 x_2 d_2 after");
  CHECK(plates_of(t) == "t");
  CHECK(t["x_1"].plates.empty());
  CHECK(t["x_1"].scale.is_one());
}

TEST_CASE("nested loops name the outer member first; plates inside have names of their own") {
  const auto model = [] {
    for (Index i : sequential_plate("i", 2)) {
      const plate rows("rows", 2 + i);
      for (Index j : sequential_plate("j", 2)) {
        const with inside(h::scope("a"));
        sample("x", dist::Normal(static_cast<double>(j), 1));
      }
      sample("y", dist::Normal(0, 1));
    }
  };
  const Trace t = h::trace(model).get_trace();
  CHECK(names_of(t) == "a/x_0_0 a/x_0_1 y_0 a/x_1_0 a/x_1_1 y_1");
  CHECK(plates_of(t) == "i rows_0 j_0 rows_1 j_1");
  CHECK(t["a/x_1_0"].value.shape() == Shape{3});
  CHECK(t["y_0"].value.shape() == Shape{2});
}

TEST_CASE("a partially observed site in a loop has its parts named after it") {
  const auto model = [] {
    for (Index i : sequential_plate("t", 1)) {
      sample("x", dist::Normal(0, 1), {.obs = Real(i), .obs_mask = Mask(true)});
    }
  };
  CHECK(names_of(h::trace(model).get_trace()) == "x_0_observed x_0_unobserved x_0");
  CHECK(names_of(h::trace(h::condition(model, {{"x_0", 1}})).get_trace()) == "x_0");
}

TEST_CASE("a subsampled loop visits its members, scales by size over subsample size, and replays") {
  const auto model = [](const SequentialPlateOptions& options) {
    std::string visited;
    for (Index t : sequential_plate("t", 10, options)) {
      const plate inner("inner", 4, {.subsample = Indices{0}});
      for (Index s : sequential_plate("s", 6, {.subsample_size = 2})) {
        sample("x", dist::Normal(static_cast<double>(s), 1));
      }
      visited += std::to_string(t) + " ";
    }
    return visited;
  };
  CHECK(model({.subsample = Indices{1, 4}}) == "1 4 ");
  const Trace t = h::trace(model).get_trace(SequentialPlateOptions{.subsample = Indices{1, 4}});
  REQUIRE(t.size() == 4);
  CHECK(t.begin()->scale.item() == Approx(10 / 2.0 * 4 * 6 / 2.0));
  set_rng_seed(1);
  const Trace drawn = h::trace(model).get_trace(SequentialPlateOptions{.subsample_size = 3});
  set_rng_seed(2);
  const Trace again =
      h::trace(h::replay(model, drawn)).get_trace(SequentialPlateOptions{.subsample_size = 3});
  CHECK(names_of(again) == names_of(drawn));
  for (const Site& site : drawn) CHECK(same_bits(again[site.name].value, site.value));
  set_rng_seed(2);
  CHECK(names_of(h::trace(model).get_trace(SequentialPlateOptions{.subsample_size = 3})) !=
        names_of(drawn));
  CHECK(has(error_of([&] { model({.subsample_size = 11}); }), "plate 't'"));
  CHECK(has(error_of([&] { model({.subsample = Indices{10}}); }), "10"));
}

TEST_CASE("a loop that breaks, returns or throws leaves the stack as it was") {
  const std::size_t before = detail::handler_depth();
  const auto name = [] { return h::trace([] { sample("x", dist::Normal(0, 1)); }).get_trace(); };
  const sequential_plate kept("kept", 3);
  const with inside(h::scale(2));
  for (Index t : kept) {
    if (t == 1) break;
  }
  CHECK(names_of(name()) == "x");
  const auto returning = [&] {
    for (Index t : sequential_plate("t", 3)) return t;
    return Index{-1};
  };
  CHECK(returning() == 0);
  CHECK(has(error_of([] {
              for (Index t : sequential_plate("t", 3)) {
                const with scaled(h::scale(2));
                for (Index s : sequential_plate("s", 3)) {
                  sample("x", dist::Normal(0, s == 1 ? -1.0 : 1.0 + static_cast<double>(t)));
                }
              }
            }),
            "site 'x_0_1'"));
  for (Index t : sequential_plate("none", 0)) FAIL(t);
  CHECK(detail::handler_depth() == before + 1);
  CHECK(names_of(name()) == "x");
  for (Index t : kept) {
    const Trace inner = name();
    CHECK(inner.begin()->name == "x_" + std::to_string(t));
  }
}

TEST_CASE("a trace with a sequential plate comes back from its file") {
  const auto model = [] {
    for (Index t : sequential_plate("t", 4, {.subsample = Indices{3}})) {
      sample("x", dist::Normal(static_cast<double>(t), 1));
    }
  };
  const Trace t = h::trace(model).get_trace();
  t.save("scope_test.trace.json");
  const Trace again = Trace::load("scope_test.trace.json");
  std::remove("scope_test.trace.json");
  REQUIRE(again.plates().size() == 1);
  CHECK(again.plates()[0].frame.dim == 0);
  CHECK(again.plates()[0].indices->values()[0] == 3);
  CHECK(h::trace(h::replay(model, again)).get_trace().log_prob_sum().item() ==
        t.log_prob_sum().item());
}

TEST_CASE("SVI fits the sites of a loop, with an automatic guide") {
  param_store().clear();
  set_rng_seed(5);
  const auto model = [] {
    for (Index t : sequential_plate("t", 3)) {
      const Tensor x = sample("x", dist::Normal(0, 1));
      sample("y", dist::Normal(x, 1), {.obs = 2 * static_cast<double>(t)});
    }
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 400; ++i) svi.step();
  CHECK(guide.median().at("x_2").item() == Approx(2).margin(0.01));
  CHECK(guide.median().at("x_0").item() == Approx(0).margin(0.01));
}
