// What automatic guides do when things come in another order or shape than at first: parameters
// replaced in the store, a set-up that fails, masks, members, threads; where they begin.
#include <ember/ember.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

void pair() { sample("z", dist::Normal(zeros({2}), 1).to_event(1)); }

// A fit whose parameter is replaced by one of another shape goes on after the remedy.
template <class Guide>
void check_clearing(const Guide& guide, const std::string& param) {
  infer::SVI svi(pair, guide, infer::Adam({.lr = 0.01}));
  svi.step();
  const std::size_t count = param_store().names().size();
  param_store().set(Name(param), zeros({5}));
  for (int i = 0; i < 2; ++i) check_error([&] { svi.step(); }, {param.c_str(), "clear the store"});
  param_store().clear();
  const Real loss = svi.step();
  CHECK(std::isfinite(loss));
  CHECK(param_store().names().size() == count);
  const Tensor before = param_store().get(Name(param));
  svi.step();
  CHECK_FALSE(same_bits(param_store().get(Name(param)), before));
}

}  // namespace

TEST_CASE("a store that was cleared gets the parameters again, also after an error") {
  begin(1);
  check_clearing(infer::AutoNormal(pair), "AutoNormal.locs.z");
  begin(1);
  check_clearing(infer::AutoNormal(pair), "AutoNormal.scales.z");
  begin(1);
  check_clearing(infer::AutoDelta(pair), "AutoDelta.z");
  begin(1);
  check_clearing(infer::AutoMultivariateNormal(pair), "AutoMultivariateNormal.lower");
}

TEST_CASE("a set-up that fails leaves nothing of the guide") {
  begin(2);
  const auto model = [](Index n) {
    sample("a", dist::Normal(zeros({n}), 1));
    sample("b", dist::Normal(zeros({n}), 1));
  };
  const auto check = [&](const auto& guide, const char* param) {
    param_store().clear();
    param_store().set(Name(param), zeros({7}));
    check_error([&] { guide.set_up(Index{5}); }, {param});
    CHECK(param_store().names().size() == 1);
    check_error([&] { static_cast<void>(guide.median()); }, {"no parameters yet"});
    param_store().clear();
    CHECK(guide.sample_posterior(Index{3}).at("b").shape() == Shape{3});
  };
  check(infer::AutoNormal(model), "AutoNormal.locs.b");
  check(infer::AutoDelta(model), "AutoDelta.b");
  check(infer::AutoMultivariateNormal(model), "AutoMultivariateNormal.lower");
  // A model that was mended.
  param_store().clear();
  Index members = 2;
  const infer::AutoMultivariateNormal guide([&] {
    sample("a", dist::Normal(0, 1));
    const plate rows("rows", 4, {.subsample_size = members});
    sample("z", dist::Normal(0, 1));
  });
  for (int i = 0; i < 2; ++i) check_error([&] { guide.set_up(); }, {"'z'", "subsampled plate"});
  members = 4;
  guide.set_up();
  CHECK(guide.median().at("z").shape() == Shape{4});
}

TEST_CASE("a first subsample without members is an error with a remedy") {
  begin(3);
  const auto model = [](const Indices& rows) {
    const plate p("p", 3, {.subsample = rows});
    sample("z", dist::Normal(0, 1));
  };
  const infer::AutoNormal guide(model);
  check_error([&] { guide.set_up(Indices(std::vector<Index>{})); },
              {"'z'", "no member of plate 'p'", "not empty"});
  guide.set_up(Indices{1});
  CHECK(guide.median().at("z").shape() == Shape{3});
  CHECK(guide.sample_posterior(Indices(std::vector<Index>{})).at("z").numel() == 0);
}

TEST_CASE("guides that are set up are drawn from in several threads at once") {
  begin(4);
  const auto model = [] {
    const Tensor a = sample("a", dist::Normal(zeros({40}), 1).to_event(1));
    sample("b", dist::Normal(a, 1).to_event(1));
  };
  const infer::AutoMultivariateNormal joint(model);
  const infer::AutoNormal apart(model);
  joint.set_up();
  apart.set_up();
  const auto draws = [&](std::uint64_t seed) {
    set_rng_seed(seed);
    Tensor total = zeros({40});
    for (int i = 0; i < 50; ++i) {
      total = total + joint.sample_posterior().at("b") + apart.sample_posterior().at("a");
    }
    return total;
  };
  std::array<Tensor, 4> results;
  std::array<std::string, 4> errors;
  std::array<std::thread, 4> threads;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([&, i] { errors[i] = error_of([&] { results[i] = draws(i); }); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < threads.size(); ++i) {
    CHECK(errors[i] == "no error");
    REQUIRE(results[i].defined());
    CHECK(same_bits(results[i], draws(i)));
  }
}

TEST_CASE("an execution of a guide is its own while another thread runs the guide") {
  begin(4);
  std::function<void()> between;
  const infer::AutoMultivariateNormal guide([&] {
    sample("a", dist::Normal(0, 1));
    if (between) std::exchange(between, {})();
    sample("b", dist::Normal(0, 1));
  });
  guide.set_up();
  param_store().set("AutoMultivariateNormal.lower", full({2, 2}, 0.5));
  const auto draw = [&](std::uint64_t seed) {
    set_rng_seed(seed);
    return guide.sample_posterior().at("b");
  };
  const Tensor alone = draw(1), other = draw(2);
  Tensor meanwhile;
  between = [&] { std::thread([&] { meanwhile = draw(2); }).join(); };
  CHECK(same_bits(draw(1), alone));
  CHECK(same_bits(meanwhile, other));
}

TEST_CASE("a guide begins without looking at what masks hide") {
  const auto by_handler = [] {
    const plate p("p", 3);
    const with inside(h::mask(mask_of({true, false, true})));
    sample("z", dist::Normal(tensor({0.0, kNaN, 1.0}), 0.01));
  };
  const auto by_obs_mask = [] {
    const plate p("p", 3);
    const Mask seen = mask_of({false, true, false});
    sample("x", dist::Normal(tensor({0.0, kNaN, 1.0}), 0.01).mask(mask_of({true, false, true})),
           {.obs = tensor({kNaN, kNaN, kNaN}), .obs_mask = seen});
  };
  const auto check = [](const auto& model, const char* name, const infer::Init& init, Real margin) {
    begin(5);
    const infer::AutoNormal guide(model, {.init = init});
    infer::SVI svi(model, guide, infer::Adam({.lr = 1e-4}));
    CHECK(std::isfinite(svi.step()));
    const Tensor z = guide.median().at(name);
    CHECK(isfinite(z).is_all());
    CHECK(std::abs(z.at({0})) < margin);
    CHECK(std::abs(z.at({2}) - 1) < margin);
  };
  for (const infer::Init& init :
       {infer::init_to_median(), infer::init_to_sample(), infer::init_to_mean()}) {
    check(by_handler, "z", init, 0.1);
    check(by_obs_mask, "x_unobserved", init, 0.1);
  }
  check(by_handler, "z", infer::init_to_mean(), 2e-4);
  check(by_handler, "z", infer::init_to_uniform(1), 2.5);
}

TEST_CASE("bounds that masks hide may be no numbers") {
  const Tensor low = tensor({0.0, kNaN, 1.0, 5.0}), high = tensor({1.0, 2.0, 3.0, -5.0});
  const Tensor y = tensor({0.4, 0.1, 2.2, 0.0});
  const auto model = [&](const Tensor& lower, const Tensor& upper) {
    plate rows("rows", 4);
    with inside(h::mask(isfinite(low) & (low < high)));
    const Tensor z = sample("z", dist::Uniform(lower, upper));
    sample("y", dist::Normal(z, 0.1), {.obs = y});
  };
  const auto check = [&](auto make) {
    const auto fit = [&](const Tensor& lower, const Tensor& upper) {
      begin(12);
      const auto bound = [&] { model(lower, upper); };
      auto guide = make(bound);
      infer::SVI svi(bound, guide, infer::Adam({.lr = 0.05}));
      for (int i = 0; i < 300; ++i) svi.step();
      Values values = guide.median();
      values["draw"] = guide.sample_posterior().at("z");
      values["loss"] = svi.step();
      return values;
    };
    const Values with_hidden = fit(low, high);
    // as if they were others
    const Values with_others = fit(tensor({0, 0, 1, 0}), tensor({1, 1, 3, 1}));
    for (const char* name : {"z", "draw", "loss"}) {
      CHECK(same_bits(with_hidden.at(name), with_others.at(name)));
    }
    CHECK(with_hidden.at("z").data()[0] == Approx(0.4).margin(0.02));
  };
  check([](const auto& bound) { return infer::AutoNormal(bound); });
  check([](const auto& bound) { return infer::AutoDelta(bound); });
  check([](const auto& bound) { return infer::AutoMultivariateNormal(bound); });
  begin(13);
  infer::AutoNormal seen([&] { sample("z", dist::Uniform(tensor({0.0, kNaN}), 1).to_event(1)); });
  check_error([&] { seen.set_up(); }, {"'z'", "nan"});
}

TEST_CASE("a mask that repeats a latent site shows it where it shows it once") {
  begin(6);
  Mask mask = mask_of({false, true, true});
  const auto model = [&] {
    const with inside(h::mask(mask));
    sample("z", dist::Normal(0, 1));
  };
  const infer::AutoMultivariateNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  CHECK(std::isfinite(svi.step()));
  CHECK(guide.state().loc().shape() == Shape{1});
  CHECK(h::trace(guide).get_trace()["z"].mask == mask);
  mask = mask_of({false, false, false});
  CHECK(svi.step() == 0);
}

TEST_CASE("a lifted parameter that is asked for twice is one latent site") {
  begin(7);
  const auto model = h::lift(
      [] {
        const Tensor w = param("w", zeros({2}));
        sample("y", dist::Normal(w + param("w", zeros({2})), 1), {.obs = tensor({2.0, 4.0})});
      },
      {{"w", dist::Normal(zeros({2}), 1)}});
  const infer::AutoMultivariateNormal joint(model);
  infer::SVI svi(model, joint, infer::Adam({.lr = 0.05}));
  svi.run(600, {});
  CHECK(joint.state().loc().shape() == Shape{2});
  CHECK(joint.median().at("w").at({1}) == Approx(1.6).margin(0.1));
  CHECK(joint.sample_posterior().at("w").shape() == Shape{2});
}

TEST_CASE("a guide makes no parameters for sites that the model's own handlers give a value") {
  begin(8);
  const auto model = h::replay(
      [] {
        sample("mu", dist::Normal(0, 1));
        sample("flag", dist::Bernoulli({.probs = 0.5}));
        sample("z", dist::Normal(0, 1));
      },
      Values{{"mu", 0.5}, {"flag", 1}});
  const infer::AutoNormal guide(model);
  guide.set_up();
  CHECK(param_store().names() ==
        std::vector<std::string>{"AutoNormal.locs.z", "AutoNormal.scales.z"});
  CHECK(guide.sample_posterior().size() == 1);
}

TEST_CASE("supports that differ between the members of a subsampled plate") {
  begin(9);
  const Tensor low = tensor({0.0, 10.0, 20.0, 30.0});
  const auto model = [&](const Indices& rows) {
    const plate p("p", 4, {.subsample = rows});
    const Tensor from = p.subsample(low);
    const Tensor z = sample("z", dist::Uniform(from, from + 1));
    sample("y", dist::Normal(z, 0.05), {.obs = from + 0.75});
  };
  const infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.02}));
  for (int i = 0; i < 500; ++i) svi.step(i % 2 == 0 ? Indices{0, 2} : Indices{1, 3});
  for (const Index row : {0, 1, 2, 3}) {
    const Real z = guide.sample_posterior(Indices{row}).at("z").item();
    CHECK(z == Approx(low.at({row}) + 0.75).margin(0.2));
  }
  check_error([&] { static_cast<void>(guide.median()); }, {"'z'", "members", "Predictive"});
  const infer::AutoDelta point(model);
  check_error([&] { point.set_up(Indices{0, 2}); }, {"'z'", "members", "AutoNormal"});
  // Bounds that all members share are as good as none of a plate.
  const auto shared = [&](const Indices& rows) {
    const plate p("p", 4, {.subsample = rows});
    sample("z", dist::Uniform(2, 3));
  };
  const infer::AutoDelta of_all(shared, {.prefix = "Shared"});
  of_all.set_up(Indices{0, 2});
  CHECK(of_all.median().at("z").shape() == Shape{4});
}

TEST_CASE("first values for all members of a subsampled plate") {
  begin(10);
  const Tensor values = tensor({0.5, 1.5, 2.5, 3.5});
  const auto model = [](const Indices& rows) {
    const plate p("p", 4, {.subsample = rows});
    sample("z", dist::LogNormal(0, 1));
    sample("w", dist::Normal(zeros({2, 3}), 1).to_event(1));
  };
  const Tensor w = arange(12).reshape({4, 3});
  const infer::AutoDelta first(model, {.init = infer::init_to_value({{"z", values}, {"w", w}})});
  first.set_up(Indices{3, 1});
  CHECK((abs(first.median().at("z") - values) < 1e-12).is_all());
  CHECK(same_bits(first.median().at("w"), w));
  // Another guide's medians; the values of the members that are executed do as well.
  const infer::AutoNormal second(model, {.init = infer::init_to_value(first.median())});
  second.set_up(Indices{0, 2});
  CHECK((abs(second.median().at("z") - values) < 1e-12).is_all());
  const infer::AutoDelta some(
      model, {.init = infer::init_to_value({{"z", tensor({7.0, 8.0})}, {"w", 2}}), .prefix = "P"});
  some.set_up(Indices{0, 2});
  CHECK((abs(some.median().at("z") - tensor({7.0, 8.0, 7.0, 8.0})) < 1e-12).is_all());
  CHECK(same_bits(some.median().at("w"), full({4, 3}, 2)));
}

TEST_CASE("first values that make no sense are errors") {
  begin(11);
  const auto model = [] {
    const Tensor theta = sample("theta", dist::Normal(0, 1));
    sample("y", dist::Normal(theta, 1), {.obs = 0.5});
  };
  const infer::AutoNormal guide(
      model, {.init = infer::init_to_value({{"thta", 0.5}}, infer::init_to_mean())});
  check_error([&] { guide.set_up(); }, {"'thta'", "did you mean 'theta'?"});
  CHECK(param_store().names().empty());
  const infer::AutoNormal nested(
      model, {.init = infer::init_to_value({}, infer::init_to_value({{"tau", 0.5}}))});
  check_error([&] { nested.set_up(); }, {"'tau'", "latent sites are theta"});
  const infer::AutoNormal observed(model, {.init = infer::init_to_value({{"y", 1}})});
  observed.set_up();
  param_store().clear();
  const infer::AutoNormal own(
      model, {.init = [](const Message& site) { return site.distribution.mean() + 0.25; }});
  own.set_up();
  CHECK(own.median().at("theta").item() == Real(0.25));
}

TEST_CASE("quantiles: of probabilities, and of parameters that are in the store") {
  begin(12);
  const infer::AutoNormal guide(pair);
  guide.set_up();
  for (const double p : {1.5, -0.1, std::numeric_limits<double>::quiet_NaN()}) {
    check_error(
        [&] {
          static_cast<void>(guide.quantiles({0.5, p}));
        },
        {"AutoNormal", "probability", "from 0 to 1"});
  }
  const infer::AutoMultivariateNormal joint(pair);
  joint.set_up();
  param_store().clear();
  check_error([&] { static_cast<void>(guide.median()); }, {"AutoNormal.locs.z", "store"});
  check_error([&] { static_cast<void>(joint.median()); }, {"AutoMultivariateNormal.loc", "store"});
  check_error([&] { joint.state().scale_tril(); }, {"AutoMultivariateNormal.loc", "store"});
  CHECK(param_store().names().empty());
  // Parameters that were put back are read.
  param_store().set("AutoNormal.locs.z", tensor({3.0, 4.0}));
  param_store().set("AutoNormal.scales.z", tensor({1.0, 1.0}), constraints::positive);
  CHECK(same_bits(guide.median().at("z"), tensor({3.0, 4.0})));
}

TEST_CASE("a model without continuous latent sites is told so") {
  begin(13);
  const infer::AutoNormal guide([] { sample("x", dist::Bernoulli({.probs = 0.5})); });
  const std::string text = error_of([&] { guide.set_up(); });
  CHECK(has(text, "no continuous latent site"));
  CHECK_FALSE(has(text, ".init"));
}

TEST_CASE("a radius is not negative") {
  for (const double radius : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
    check_error([&] { infer::init_to_uniform(radius); }, {"init_to_uniform", "radius"});
  }
}
