// What exactly guides and estimators do: a claim a test. Those on score-function terms are in
// score_test.
#include <unistd.h>
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

// What f writes to standard error.
template <class F>
std::string printed_by(F&& f) {
  std::fflush(stderr);
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const int before = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
  f();
  std::fflush(stderr);
  dup2(before, STDERR_FILENO);
  close(before);
  close(pipe_ends[1]);
  std::string text(4096, '\0');
  const ssize_t n = read(pipe_ends[0], text.data(), text.size());
  close(pipe_ends[0]);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

}  // namespace

TEST_CASE("a latent that was never visible is bitwise unchanged after 200 steps") {
  param_store().clear();
  set_rng_seed(1);
  const Mask seen = mask_of({true, false, true, false});
  const auto model = [&] {
    plate p("p", 4);
    with inside(h::mask(seen));
    const Tensor z = sample("z", dist::Normal(0, 1));
    sample("y", dist::Normal(z, 1), {.obs = tensor({1.0, kNaN, -1.0, kNaN})});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  guide.set_up();
  const Tensor loc = param_store().get("AutoNormal.locs.z");
  const Tensor scale = param_store().get("AutoNormal.scales.z");
  for (int i = 0; i < 200; ++i) svi.step();
  for (const Index i : {1, 3}) {
    CHECK(param_store().get("AutoNormal.locs.z").at({i}) == loc.at({i}));
    CHECK(param_store().get("AutoNormal.scales.z").at({i}) == scale.at({i}));
  }
  CHECK(param_store().get("AutoNormal.locs.z").at({0}) != loc.at({0}));
}

TEST_CASE("the guide's site has the model's mask and scale of the same step") {
  param_store().clear();
  const auto model = [](const Mask& mask, Real scale) {
    with inside(h::mask(mask), h::scale(scale));
    sample("z", dist::Normal(zeros({2}), 1).mask(mask_of({true, false})));
  };
  infer::AutoNormal guide(model);
  const Trace first = h::trace(guide).get_trace(Mask(true), Real(2));
  CHECK(first["z"].mask == mask_of({true, false}));
  CHECK(first["z"].scale.item() == 2);
  const Trace second = h::trace(guide).get_trace(Mask(false), Real(3));
  CHECK(second["z"].mask.is_none());
  CHECK(second["z"].log_prob_sum().item() == 0);
}

TEST_CASE("SVI warns once when a hidden latent's value feeds a visible density") {
  param_store().clear();
  set_rng_seed(1);
  const auto model = [] {
    Tensor z;
    {
      with inside(h::mask(false));
      z = sample("hidden", dist::Normal(0, 1));
    }
    sample("reader", dist::Normal(z, 1), {.obs = 2});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  const std::string text = printed_by([&] {
    for (int i = 0; i < 3; ++i) svi.step();
  });
  INFO(text);
  CHECK(has(text, "'hidden'"));
  CHECK(has(text, "'reader'"));
  CHECK(text.find("warning") == text.rfind("warning"));
  const auto masked_alike = [] {
    with inside(h::mask(mask_of({true, false})));
    const Tensor z = sample("z", dist::Normal(zeros({2}), 1));
    sample("y", dist::Normal(z, 1), {.obs = tensor({1.0, kNaN})});
  };
  infer::AutoNormal quiet(masked_alike, {.prefix = "Quiet"});
  infer::SVI fine(masked_alike, quiet, infer::Adam());
  CHECK(printed_by([&] { fine.step(); }).empty());
}

TEST_CASE("a hidden latent that something reads is warned of, and never an error") {
  begin(1);
  const auto hidden = [](const char* name, const Mask& mask) {
    with inside(h::mask(mask));
    return sample(name, dist::Normal(0, 1));
  };
  const auto guide = [] { sample("z", dist::Normal(param("loc", 0.0), 1)); };
  const auto repeated = [&] {
    sample("y", dist::Normal(hidden("z", mask_of({false, false, false})), 1), {.obs = 2});
  };
  infer::SVI svi(repeated, guide, infer::Adam());
  std::string text = printed_by([&] { CHECK(std::isfinite(svi.step())); });
  INFO(text);
  CHECK(has(text, "'z'"));
  CHECK(has(text, "'y'"));

  int executions = 0;
  const auto changing = [&] {
    const char* name = executions++ == 0 ? "z" : "w";
    sample("y", dist::Normal(hidden(name, false), 1), {.obs = 2});
  };
  infer::SVI other(changing, guide, infer::Adam());
  text = printed_by([&] { CHECK(std::isfinite(other.step())); });
  CHECK(has(text, "'z', but something visible reads"));
}

TEST_CASE("a guide is a handle: SVI's copy shares its state; a prefix belongs to one guide") {
  param_store().clear();
  const auto model = [] { sample("a", dist::Normal(0, 1)); };
  infer::AutoNormal guide(model);
  const infer::AutoNormal copy = guide;
  copy.set_up();
  CHECK(guide.median().contains("a"));
  const auto other = [] { sample("b", dist::Normal(0, 1)); };
  infer::AutoNormal second(other);
  const std::string text = error_of([&] { second.set_up(); });
  INFO(text);
  CHECK(has(text, "AutoNormal"));
  CHECK(has(text, "prefix"));
  infer::AutoNormal third(other, {.prefix = "Third"});
  third.set_up();
  CHECK(param_store().contains("Third.locs.b"));
}

TEST_CASE("Delta: the gradient flows through the drawn value") {
  const auto grads = value_and_grad(
      [](std::span<const Tensor> in) { return square(dist::Delta(in[0]).sample()); }, {Real(3)});
  CHECK(grads.grads[0].item() == 6);
}

TEST_CASE("AutoDelta finds the mode of a constrained site without a Jacobian") {
  begin(3);
  const auto model = [] {
    const Tensor s = sample("s", dist::LogNormal(0, 1));
    sample("y", dist::Normal(0, s), {.obs = 2});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  svi.run(2000, {});
  // maximise -log s - (log s)^2 / 2 - log s - 2 / s^2 over s
  const Real s = guide.median()["s"].item();
  CHECK(-2 / s - std::log(s) / s + 4 / (s * s * s) == Approx(0).margin(1e-6));
}

TEST_CASE("initial values: strategies, retries, and an error naming the site") {
  begin(1);
  const auto model = [] { sample("s", dist::HalfNormal(2)); };
  const auto first = [&](const infer::Init& init) {
    param_store().clear();
    infer::AutoNormal guide(model, {.init = init, .init_scale = 0.3});
    guide.set_up();
    CHECK(param_store().get("AutoNormal.scales.s").item() == Approx(0.3));
    return guide.median()["s"].item();
  };
  CHECK(first(infer::init_to_feasible()) == Approx(1));
  CHECK(first(infer::init_to_mean()) == Approx(2 * std::sqrt(2 / M_PI)));
  CHECK(first(infer::init_to_value({{"s", 0.7}})) == Approx(0.7));
  CHECK(first(infer::init_to_median(2001)) == Approx(2 * 0.67449).epsilon(0.1));
  CHECK(first(infer::init_to_sample()) > 0);
  CHECK(first(infer::init_to_uniform(0.1)) == Approx(1).epsilon(0.11));
  const auto impossible = [] {
    sample("s", dist::HalfNormal(2));
    factor("never", -kInfinity);
  };
  infer::AutoNormal stuck(impossible);
  CHECK(has(error_of([&] { stuck.set_up(); }), "never"));
}

TEST_CASE("an initial value is drawn again until the loss is finite") {
  const auto half_possible = [] {
    const Tensor x = sample("x", dist::Normal(0, 1));
    factor("positive", where(x > 0, 0, -kInfinity));
  };
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    begin(seed);
    infer::AutoDelta guide(half_possible, {.init = infer::init_to_sample()});
    guide.set_up();
    CHECK(guide.median().at("x").item() > 0);
  }
}
