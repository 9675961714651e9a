// Gradients of parameters are written to memory that stays from step to step: nothing of an
// earlier step, of a hidden element or of a density that was not used may be read from there.
#include <limits>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kN = 600;

Mask every(Index of, Index first) {
  std::vector<bool> kept(kN);
  for (Index i = first; i < kN; i += of) kept[static_cast<std::size_t>(i)] = true;
  return mask_of(kept, {kN});
}

// With SGD of rate 1 a step adds the gradient; y_i ~ Normal(p_i, 1) has the gradient y_i - p_i.
// The parameter's change by a step, expected[i] of element i.
template <class Step, class F>
void check_change(Step step, F expected, const char* name = "p") {
  const Tensor before = param_store().contains(name) ? param_store().get(name) : zeros({kN});
  const std::vector<Real> old(before.data().begin(), before.data().end());
  step();
  const Tensor after = param_store().get(name);
  for (Index i = 0; i < kN; ++i) {
    const auto k = static_cast<std::size_t>(i);
    INFO(i);
    REQUIRE(after.data()[k] == Approx(old[k] + expected(i, old[k])).margin(1e-5));
  }
}

}  // namespace

TEST_CASE("a step with another mask than the one before moves what that mask shows, and no more") {
  begin(11);
  Mask seen = true;
  bool is_all_hidden = false;
  const Tensor y = arange(kN) * 0.01;
  const auto model = [&] {
    const Tensor p = param("p", zeros({kN}));
    plate rows("rows", kN);
    sample("y", dist::Normal(p, 1).mask(is_all_hidden ? Mask(false) : seen), {.obs = y});
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 1}));
  // sparse masks, each twice, dense ones, none and all
  const std::vector<Mask> masks{every(7, 0), every(7, 0),  every(7, 3),  every(2, 1), every(9, 2),
                                true,        every(50, 1), every(50, 1), every(50, 2)};
  for (std::size_t k = 0; k < masks.size(); ++k) {
    seen = masks[k];
    is_all_hidden = false;
    const Mask shown = seen.broadcast_to({kN});
    const std::vector<std::uint8_t> kept = shown.to_bytes();
    INFO("mask " << k);
    check_change([&] { svi.step(); },
                 [&](Index i, Real p) {
                   return kept[static_cast<std::size_t>(i)] ? static_cast<Real>(i) * Real(0.01) - p
                                                            : Real(0);
                 });
    is_all_hidden = k % 3 == 1;
    if (is_all_hidden) check_change([&] { svi.step(); }, [](Index, Real) { return Real(0); });
  }
}

TEST_CASE("a parameter of two densities, one of them masked, has both gradients") {
  begin(12);
  const Tensor y = arange(kN) * 0.01;
  const Mask seen = every(7, 2);
  const std::vector<std::uint8_t> kept = seen.to_bytes();
  bool masked_first = false;
  const auto model = [&] {
    const Tensor p = param("p", zeros({kN}));
    plate rows("rows", kN);
    if (masked_first) sample("some", dist::Normal(p, 1).mask(seen), {.obs = 2 * y});
    sample("y", dist::Normal(p, 1), {.obs = y});
    if (!masked_first) sample("some", dist::Normal(p, 1).mask(seen), {.obs = 2 * y});
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 0.5}));
  for (int step = 0; step < 4; ++step) {
    masked_first = step % 2 == 1;
    check_change([&] { svi.step(); },
                 [&](Index i, Real p) {
                   const Real own = static_cast<Real>(i) * Real(0.01);
                   const Real some = kept[static_cast<std::size_t>(i)] ? 2 * own - p : Real(0);
                   return Real(0.5) * (own - p + some);
                 });
  }
}

TEST_CASE("a guide's location gets its draw's gradient, of what its mask shows, and no more") {
  begin(14);
  Mask seen = true;
  bool is_prior_masked = false;
  const Tensor y = arange(kN) * 0.01;
  const auto model = [&] {
    plate rows("rows", kN);
    const Tensor z = sample("z", dist::Normal(0, 1).mask(is_prior_masked ? seen : Mask(true)));
    sample("y", dist::Normal(z * 1, 1).mask(seen), {.obs = y});
  };
  // so narrow that a draw is its location; each step widens it by a factor of e
  infer::AutoNormal guide(model, {.init_scale = 1e-12});
  infer::SVI svi(model, guide, infer::SGD({.lr = 1}));
  guide.set_up();
  for (const Mask& mask : {every(7, 0), every(7, 3), every(2, 1), Mask(true), every(9, 2)}) {
    seen = mask;
    const std::vector<std::uint8_t> kept = seen.broadcast_to({kN}).to_bytes();
    for (const bool is_masked : {false, true}) {
      is_prior_masked = is_masked;
      check_change([&] { svi.step(); },
                   [&](Index i, Real p) {
                     const Real pull = static_cast<Real>(i) * Real(0.01) - p;
                     const bool is_seen = kept[static_cast<std::size_t>(i)] != 0;
                     return (is_seen ? pull : Real(0)) - (is_seen || !is_masked ? p : Real(0));
                   },
                   "AutoNormal.locs.z");
    }
  }
}

TEST_CASE("a density that nobody uses leaves nothing in a parameter's gradient") {
  begin(13);
  const Tensor y = arange(kN) * 0.01;
  const auto model = [&] {
    const Tensor p = param("p", zeros({kN}));
    static_cast<void>(dist::Normal(p, 1).log_prob_sum(full({kN}, 1e6)));
    plate rows("rows", kN);
    sample("y", dist::Normal(p, 1).mask(every(7, 1)), {.obs = y});
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 1}));
  const std::vector<std::uint8_t> kept = every(7, 1).to_bytes();
  for (int step = 0; step < 3; ++step) {
    check_change([&] { svi.step(); },
                 [&](Index i, Real p) {
                   return kept[static_cast<std::size_t>(i)] ? static_cast<Real>(i) * Real(0.01) - p
                                                            : Real(0);
                 });
  }
}

TEST_CASE("a step that ended in an error leaves nothing in the next one's gradient") {
  begin(14);
  const Tensor y = arange(kN) * 0.01;
  bool fails = false;
  const auto model = [&] {
    const Tensor p = param("p", zeros({kN}));
    plate rows("rows", kN);
    sample("y", dist::Normal(p, 1).mask(every(7, fails ? 4 : 1)), {.obs = y});
    sample("end", dist::Normal(0, fails ? -1 : 1), {.obs = zeros({kN})});
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 1}));
  const std::vector<std::uint8_t> kept = every(7, 1).to_bytes();
  const auto expected = [&](Index i, Real p) {
    return kept[static_cast<std::size_t>(i)] ? static_cast<Real>(i) * Real(0.01) - p : Real(0);
  };
  check_change([&] { svi.step(); }, expected);
  fails = true;
  CHECK_THROWS_AS(svi.step(), Error);
  fails = false;
  check_change([&] { svi.step(); }, expected);
}

TEST_CASE("a gradient that is not finite is found wherever it stands, and nothing moves") {
  begin(15);
  for (const Index at : {Index{0}, Index{301}, kN - 1}) {
    param_store().clear();
    param_store().set("p", zeros({kN}));
    const Tensor weights = where(one_hot(tensor({static_cast<double>(at)}), kN)[0] > 0,
                                 std::numeric_limits<Real>::infinity(), 1);
    const auto model = [&] {
      // finite, with an infinite derivative at one element
      const Tensor p = param("p", zeros({kN}));
      const Tensor root = sqrt(where(isfinite(weights), p + 1, p));
      factor("f", sum(root));
    };
    infer::SVI svi(
        model, [] {}, infer::SGD({.lr = 1}));
    CHECK_THROWS_WITH(svi.step(), Catch::Contains("the gradient of param 'p' is not finite"));
    CHECK(param_store().get("p").at({at}) == 0);
    CHECK(param_store().get("p").at({7}) == 0);
  }
}
