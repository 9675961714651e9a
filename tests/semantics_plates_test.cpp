// What exactly plates do: a claim a test.
#include <ember/ember.hpp>

#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

std::vector<Index> members_of(const plate& p) {
  const Indices chosen = p.indices();
  return {chosen.values().begin(), chosen.values().end()};
}

}  // namespace

TEST_CASE("a plate expands the sites inside and takes the next free dim") {
  const Trace t = h::trace([] {
                    plate outer("outer", 3);
                    plate inner("inner", 2);
                    sample("x", dist::Normal(0, 1));
                    CHECK(outer.dim() == -1);
                    CHECK(inner.dim() == -2);
                  }).get_trace();
  CHECK(t["x"].value.shape() == Shape{2, 3});
  CHECK(t.plates().size() == 2);
}

TEST_CASE("an automatic dim goes past one that is taken") {
  plate taken("taken", 3, {.dim = -1});
  plate next("next", 2);
  CHECK(next.dim() == -2);
  check_error([] { plate again("again", 2, {.dim = -2}); }, {"again", "-2", "next"});
  check_error([] { plate same("next", 2); }, {"next", "open"});
}

TEST_CASE("a plate of another size than the batch is an error") {
  check_error(
      [] {
        plate rows("rows", 3);
        sample("x", dist::Normal(zeros({4}), 1));
      },
      {"x", "rows", "-1", "4", "3"});
}

TEST_CASE("a plate opened again keeps its members; with another size it is an error") {
  const auto model = [](Index again) {
    std::vector<Index> first;
    {
      plate p("p", 10, {.subsample_size = 3});
      const Indices chosen = p.indices();
      first.assign(chosen.values().begin(), chosen.values().end());
    }
    plate p("p", again, {.subsample_size = 3});
    const Indices chosen = p.indices();
    CHECK(std::vector<Index>(chosen.values().begin(), chosen.values().end()) == first);
  };
  const Trace t = h::trace(model).get_trace(10);
  CHECK(t.plates().size() == 1);
  CHECK(t.plates()[0].indices->size() == 3);
  check_error([&] { h::trace(model).get_trace(11); }, {"p", "10", "11"});
}

TEST_CASE("a plate opened again with other members or another size is an error, also in a replay") {
  const auto model = [](Index size, const Indices& members) {
    plate p("p", size, {.subsample = members});
    sample("z", dist::Normal(0, 1));
  };
  const Trace t = h::trace(model).get_trace(Index{10}, Indices{0, 1});
  const auto again = h::replay(model, t);
  CHECK(same_bits(h::trace(again).get_trace(Index{10}, Indices{0, 1})["z"].value, t["z"].value));
  check_error([&] { again(10, Indices{2, 3}); }, {"plate 'p'", "other members"});
  check_error([&] { again(20, Indices{0, 1}); }, {"plate 'p'", "size 10", "size 20"});
  const auto twice = [] {
    { plate p("p", 10, {.subsample = Indices{0, 1}}); }
    plate p("p", 10, {.subsample = Indices{2, 3}});
  };
  check_error([&] { h::trace(twice).get_trace(); }, {"plate 'p'", "other members"});
  // The trace asks for the size although replay has given the members.
  const auto other_size = [&] {
    { plate p("p", 10, {.subsample_size = 2}); }
    plate p("p", 20, {.subsample_size = 2});
  };
  check_error([&] { h::trace(h::replay(other_size, t)).get_trace(); }, {"size 10", "size 20"});
}

TEST_CASE("inside of a plate nothing repeats a site: no value, mask, scale or obs_mask") {
  const auto density = [](Index members, const Tensor& y) {
    return h::trace([&] {
             plate p("p", 10, {.subsample_size = members});
             sample("y", dist::Normal(0, 1), {.obs = y});
           })
        .get_trace()
        .log_prob_sum()
        .item();
  };
  CHECK(density(10, ones({10})) == Approx(10 * normal_lp(1, 0, 1)));
  CHECK(density(1, ones({1})) == Approx(10 * normal_lp(1, 0, 1)));
  CHECK(density(10, 1) == Approx(10 * normal_lp(1, 0, 1)));
  check_error([&] { density(10, ones({10, 1})); }, {"site 'y'", "value", "(10, 1)", "dim -2"});
  check_error([&] { density(10, ones({2, 10})); }, {"site 'y'", "value", "(2, 10)", "dim -2"});
  check_error([&] { density(1, ones({10})); }, {"site 'y'", "value", "(10,)", "(1,)", "dim -1"});
  const auto statement = [](const auto& handler, const SampleOptions& options) {
    plate p("p", 10, {.subsample_size = 1});
    const with inside(handler);
    h::trace([&] { sample("y", dist::Normal(0, 1), options); }).get_trace();
  };
  const Mask ten = Mask::filled({10}, true);
  check_error([&] { statement(h::mask(ten), {.obs = 1}); }, {"site 'y'", "mask", "(10,)"});
  check_error([&] { statement(h::scale(ones({10})), {.obs = 1}); }, {"site 'y'", "scale", "(10,)"});
  check_error([&] { statement(h::mask(true), {.obs = 1, .obs_mask = ten}); },
              {"y_observed", "mask", "(10,)"});
}

TEST_CASE("more plates than a tensor can have axes are an error at the one too many") {
  const std::function<void(int)> open = [&](int n) {
    if (n == 0) {
      param("w", 1);
      return;
    }
    plate p("p" + std::to_string(n), 1);
    open(n - 1);
  };
  begin(1);
  CHECK_NOTHROW(open(12));
  check_error([&] { open(13); }, {"plate 'p1'", "dim -13", "12"});
  check_error([] { plate p("far", 2, {.dim = -13}); }, {"plate 'far'", "dim -13"});
}

TEST_CASE("a subsampled plate scales by size over subsample size") {
  const Tensor y = arange(10);
  const auto model = [&](const Indices& members) {
    plate data("data", 10, {.subsample = members});
    sample("y", dist::Normal(0, 1), {.obs = data.subsample(y)});
  };
  const Trace t = h::trace(model).get_trace(Indices{1, 4});
  CHECK(t["y"].scale.item() == 5);
  CHECK(t["y"].log_prob_sum().item() == Approx(5 * (normal_lp(1, 0, 1) + normal_lp(4, 0, 1))));
  CHECK(t["y"].unscaled_log_prob().at({0}) == Approx(normal_lp(1, 0, 1)));
}

TEST_CASE("a plate opened again at another dim is an error") {
  const auto model = [] {
    { plate p("p", 3); }
    plate outer("outer", 2);
    plate p("p", 3);
  };
  check_error([&] { h::trace(model).get_trace(); }, {"plate 'p'", "dim -1", "dim -2"});
}

TEST_CASE("a plate expands a dim of size 1, and one that is absent to the left") {
  const Trace t = h::trace([] {
                    plate rows("rows", 3, {.dim = -3});
                    plate columns("columns", 2, {.dim = -1});
                    sample("x", dist::Normal(zeros({5, 1}), 1));
                  }).get_trace();
  CHECK(t["x"].value.shape() == Shape{3, 5, 2});
  CHECK(t["x"].distribution.batch_shape() == Shape{3, 5, 2});
}

TEST_CASE("subsample indices are the trace's plates, not sites; replay takes them from there") {
  const auto model = [] {
    plate p("p", 50, {.subsample_size = 5});
    sample("z", dist::Normal(0, 1));
    return members_of(p);
  };
  set_rng_seed(1);
  const Trace t = h::trace(model).get_trace();
  REQUIRE(t.size() == 1);
  REQUIRE(t.plates().size() == 1);
  const auto kept = t.plates()[0].indices->values();
  set_rng_seed(2);
  CHECK(h::replay(model, t)() == std::vector<Index>(kept.begin(), kept.end()));
  CHECK(model() != std::vector<Index>(kept.begin(), kept.end()));
}

TEST_CASE("SVI's model sees the members that the guide has drawn") {
  param_store().clear();
  set_rng_seed(1);
  std::vector<Index> of_guide, of_model;
  const auto guide = [&] {
    const Tensor loc = param("loc", zeros({30}), constraints::real, {.event_dim = 0});
    plate p("p", 30, {.subsample_size = 3});
    of_guide = members_of(p);
    sample("z", dist::Normal(p.subsample(loc), 1));
  };
  const auto model = [&] {
    plate p("p", 30, {.subsample_size = 3});
    of_model = members_of(p);
    sample("z", dist::Normal(0, 1));
  };
  infer::SVI svi(model, guide, infer::Adam());
  std::vector<Index> before;
  for (int i = 0; i < 3; ++i) {
    svi.step();
    CHECK(of_model == of_guide);
    CHECK(of_guide != before);
    before = of_guide;
  }
}

TEST_CASE("size over subsample size scales everything inside, in nested plates the product") {
  const Trace t = h::trace([] {
                    plate outer("outer", 10, {.subsample = Indices{3, 7}});
                    sample("latent", dist::Normal(0, 1));
                    factor("factor", zeros({2}));
                    plate inner("inner", 6, {.subsample = Indices{0, 1, 5}});
                    sample("both", dist::Normal(0, 1), {.obs = zeros({3, 2})});
                  }).get_trace();
  CHECK(t["latent"].scale.item() == 5);
  CHECK(t["factor"].scale.item() == 5);
  CHECK(t["both"].scale.item() == 10);
}

TEST_CASE(
    "a row that was seen may still be moved by its moments; one never seen stays bit for bit") {
  param_store().clear();
  const auto model = [](const Indices& members) {
    plate p("p", 3, {.subsample = members});
    const Tensor w = param("w", tensor({0.1, 0.2, 0.3}), constraints::real, {.event_dim = 0});
    factor("f", -square(w - 5));
  };
  infer::SVI svi(
      model, [](const Indices&) {}, infer::Adam({.lr = 0.1}));
  const auto row = [](Index i) { return param_store().get("w").at({i}); };
  svi.step(Indices{0});
  const Real seen = row(0);
  CHECK(seen != Real(0.1));
  svi.step(Indices{1});
  CHECK(row(0) > seen);
  for (int i = 0; i < 50; ++i) svi.step(Indices{0, 1});
  CHECK(row(2) == Real(0.3));
}

TEST_CASE("local latents of a subsampled plate are kept at full size; rows never seen stay") {
  begin(8);
  const Tensor y = arange(6);
  const auto model = [&](const Indices& rows) {
    plate p("p", 6, {.subsample = rows});
    const Tensor z = sample("z", dist::Normal(0, 10));
    sample("y", dist::Normal(z, 0.1), {.obs = p.subsample(y)});
  };
  infer::AutoNormal guide(model, {.init = infer::init_to_value({{"z", 0.25}})});
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 600; ++i) svi.step(i % 2 == 0 ? Indices{1, 4} : Indices{4, 5});
  const Tensor z = guide.median()["z"];
  REQUIRE(z.shape() == Shape{6});
  CHECK(z.at({1}) == Approx(1).margin(0.1));
  CHECK(z.at({5}) == Approx(5).margin(0.1));
  for (const Index row : {0, 2, 3}) CHECK(z.at({row}) == Real(0.25));
}

TEST_CASE("an absent gradient is 0: a row seen before still moves by its momentum") {
  begin(4);
  const Tensor y = tensor({1, 2, 3});
  const auto model = [&](const Indices& rows) {
    plate p("p", 3, {.subsample = rows});
    const Tensor z = sample("z", dist::Normal(0, 10));
    sample("y", dist::Normal(z, 1), {.obs = p.subsample(y)});
  };
  infer::AutoDelta guide(model, {.init = infer::init_to_value({{"z", 0}})});
  infer::SVI svi(model, guide, infer::SGD({.lr = 0.01, .momentum = 0.5}));
  svi.step(Indices{1});
  const Real first = guide.median().at("z").at({1});
  CHECK(first != 0);
  svi.step(Indices{2});
  const Tensor z = guide.median().at("z");
  CHECK(z.at({1}) == Approx(1.5 * first).epsilon(1e-14));
  CHECK(z.at({2}) != 0);
  CHECK(same_bits(select(z, 0, 0), Tensor(0)));
}
