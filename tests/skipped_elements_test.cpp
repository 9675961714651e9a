// What steps of SVI leave out of what masks hide: updates of elements that no gradient has reached.
// Nothing that is left out may show.
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

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
