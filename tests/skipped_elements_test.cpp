// What steps of SVI leave out of what masks hide: noise that nobody reads, and updates of elements
// that no gradient has reached. Nothing that is left out may show.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/core/shown_normal.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;
using namespace std::string_literals;

namespace {

constexpr Index kN = 20'011;

// One of so many runs of `length` elements.
Mask runs(Index of, Index first, Index length = 1) {
  std::vector<bool> kept(kN);
  for (Index i = 0; i < kN; ++i) kept[static_cast<std::size_t>(i)] = i / length % of == first;
  return mask_of(kept, {kN});
}

// Changes from step to step: few elements, side by side or strewn, others, none, again the first,
// so many that nothing is worth leaving out.
const std::vector<Mask>& masks() {
  static const std::vector<Mask> all{runs(40, 1, 500), runs(200, 1), runs(200, 1), runs(400, 2, 10),
                                     Mask(false),      runs(200, 1), runs(100, 4), runs(2, 1),
                                     Mask(false),      runs(200, 7), Mask(true),   runs(200, 1)};
  return all;
}

// With `reaches_all` a term is added whose gradient is 0 everywhere: every element is reached.
template <class O>
auto masked_fit(const char* name, const Mask& seen, bool reaches_all, const O& optimizer) {
  static const Tensor y = detail::standard_normal({5}, {kN});
  const auto model = [name, &seen, reaches_all] {
    const Tensor p = param(name, full({kN}, 0.3));
    plate rows("rows", kN);
    sample("y", dist::Normal(p, 1).mask(seen), {.obs = y});
    if (reaches_all) factor("nothing", 0 * p);
  };
  return infer::SVI(
      model, [] {}, optimizer);
}

template <class O>
void check_the_same(const O& optimizer, bool moves_at_rest = false) {
  begin(1);
  Mask seen = true;
  auto some = masked_fit("some", seen, false, optimizer);
  auto all = masked_fit("all", seen, true, optimizer);
  std::vector<std::uint8_t> ever(static_cast<std::size_t>(kN));
  for (std::size_t step = 0; step < masks().size(); ++step) {
    INFO("step " << step);
    seen = masks()[step];
    some.step();
    all.step();
    const Tensor moved = param_store().get("some");
    REQUIRE(same_bits(moved, param_store().get("all")));
    const auto bytes = seen.broadcast_to({kN}).to_bytes();
    Index wrong = 0;
    for (std::size_t i = 0; i < ever.size(); ++i) {
      ever[i] |= bytes[i];
      if ((moved.data()[i] == Real(0.3)) != (ever[i] == 0)) ++wrong;
    }
    if (!moves_at_rest) REQUIRE(wrong == 0);
  }
}

std::vector<Real> losses(const std::function<void()>& model, int steps) {
  begin(7);
  infer::AutoNormal guide(model, {.init = infer::init_to_feasible()});
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  std::vector<Real> result;
  for (int i = 0; i < steps; ++i) result.push_back(svi.step());
  return result;
}

}  // namespace

TEST_CASE("what no gradient has reached is left out by all optimisers, and nobody can tell") {
  check_the_same(infer::SGD({.lr = 0.1}));
  check_the_same(infer::SGD({.lr = 0.1, .momentum = 0.9}));
  check_the_same(infer::SGD({.lr = 0.1, .momentum = 0.9, .clip = {.norm = 0.5}}));
  check_the_same(infer::RMSprop({.lr = 0.1}));
  check_the_same(infer::RMSprop({.lr = 0.1, .momentum = 0.8, .centered = true}));
  check_the_same(infer::Adam({.lr = 0.1}));
  check_the_same(infer::AdamW({.lr = 0.1, .weight_decay = 0}));
  check_the_same(infer::AdamW({.lr = 0.1, .weight_decay = 0.1}), true);
  check_the_same(infer::ClippedAdam({.lr = 0.1, .clip_norm = 0.5, .lrd = 0.9}));
}

TEST_CASE("weight decay moves what no gradient has reached") {
  begin(2);
  const Mask seen = runs(200, 1);
  auto svi = masked_fit("p", seen, false, infer::AdamW({.lr = 0.1, .weight_decay = 0.5}));
  svi.step();
  CHECK(param_store().get("p").at({0}) == Approx(0.3 * 0.95));
}

TEST_CASE("a parameter that comes back with another shape has no reach of the old one") {
  begin(3);
  Index n = 600;
  const auto model = [&] {
    const Tensor p = param("p", zeros({n}));
    std::vector<bool> kept(static_cast<std::size_t>(n));
    kept.back() = true;
    sample("y", dist::Normal(p, 1).mask(mask_of(kept, {n})), {.obs = ones({n})});
  };
  infer::SVI adam(
      model, [] {}, infer::Adam({.lr = 0.1}));
  infer::SVI sgd(
      model, [] {}, infer::SGD({.lr = 0.1}));
  for (const Index size : {600, 40, 900}) {
    param_store().clear();
    n = size;
    adam.step();
    CHECK(param_store().get("p").at({n - 1}) == Approx(0.1));
    sgd.step();
    CHECK(param_store().get("p").at({n - 1}) == Approx(0.19));
    CHECK(param_store().get("p").at({0}) == 0);
  }
}

TEST_CASE("a fit that has left elements out goes on from a checkpoint bit for bit") {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("ember" + std::to_string(getpid()) + ".skipped.json"))
                               .string();
  begin(4);
  Mask seen = runs(200, 1);
  const infer::Adam adam({.lr = 0.1});
  auto svi = masked_fit("p", seen, false, adam);
  svi.run(5, {});
  svi.save(path);
  const auto go_on = [&](auto& fit) {
    seen = Mask(false);
    fit.step();
    seen = runs(200, 3);
    fit.run(3, {});
    return param_store().get("p");
  };
  const Tensor expected = go_on(svi);
  begin(4);
  seen = runs(200, 1);
  auto resumed = masked_fit("p", seen, false, adam);
  resumed.load(path);
  CHECK(same_bits(go_on(resumed), expected));
  std::filesystem::remove(path);
}

TEST_CASE("normal numbers that a mask shows are what they are without it; the others are 0") {
  for (const Index n : {2, 3, 4, 5, 7, 255, 256, 257, 515, 1000, 40'001}) {
    const Tensor all = detail::standard_normal({23}, {n});
    for (const int percent : {1, 20, 50, 95, 100}) {
      INFO("n " << n << ", " << percent << " of 100 shown");
      const Tensor u = detail::standard_uniform({24}, {n});
      const Mask shown = u < percent / 100.0;
      CHECK(same_bits(detail::standard_normal({23}, {n}, shown), where(shown, all, 0)));
    }
  }
  CHECK(same_bits(detail::standard_normal({23}, {9}, false), zeros({9})));
}

TEST_CASE("a guide whose hidden draws nobody reads moves as if they were made") {
  const Tensor y = 1 + detail::standard_normal({6}, {kN});
  const Mask seen = runs(3, 1), later = runs(6, 1);
  // Masks of handlers are known when a guide draws, those of distributions are not looked at.
  const auto model = [&](bool by_handler) {
    return [&, by_handler] {
      const Tensor mu = sample("mu", dist::Normal(0, 1));
      plate rows("rows", kN);
      Tensor x = mu;
      for (const auto& [number, mask] : {std::pair("1"s, seen), std::pair("2"s, later)}) {
        with inside(h::mask(by_handler ? mask : Mask(true)));
        const Mask own = by_handler ? Mask(true) : mask;
        x = sample("x" + number, dist::Normal(x, 0.5).mask(own));
        const Tensor s = sample("s" + number, dist::HalfNormal(1).expand({kN}).mask(own));
        sample("y" + number, dist::Normal(x, s).mask(own), {.obs = where(mask, y, NAN)});
      }
    };
  };
  const auto parameters = [] {
    std::vector<Tensor> all;
    for (const std::string& name : param_store().names()) all.push_back(param_store().get(name));
    return all;
  };
  const std::vector<Real> expected = losses(model(false), 12);
  const std::vector<Tensor> ends = parameters();
  CHECK(losses(model(true), 12) == expected);
  const std::vector<Tensor> same = parameters();
  REQUIRE(same.size() == ends.size());
  for (std::size_t k = 0; k < ends.size(); ++k) CHECK(same_bits(same[k], ends[k]));
}

TEST_CASE("hidden draws that something visible reads are made: they become points") {
  const Mask seen = runs(3, 1);
  const auto model = [&](bool by_handler) {
    return [&, by_handler] {
      plate rows("rows", kN);
      Tensor z;
      {
        with inside(h::mask(by_handler ? seen : Mask(true)));
        z = sample("z", dist::Normal(0, 1).mask(by_handler ? Mask(true) : seen));
      }
      sample("y", dist::Normal(z, 1), {.obs = 2});
    };
  };
  const std::vector<Real> expected = losses(model(false), 60);
  CHECK(losses(model(true), 60) == expected);
  CHECK(param_store().get("AutoNormal.scales.z").at({0}) < Real(0.06));  // it began with 0.1
}

TEST_CASE("a mask that repeats a latent site shows it where it shows it once") {
  begin(8);
  const auto model = [] {
    with inside(h::mask(mask_of({true, false, true})));
    const Tensor z = sample("z", dist::Normal(0, 1));
    sample("y", dist::Normal(z, 1), {.obs = 1});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam());
  CHECK(std::isfinite(svi.step()));
}
