// What exactly happens, where a team could choose differently: a claim a test.
#include <unistd.h>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <ember/core/reach.hpp>
#include <ember/ember.hpp>

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

// ---- masks and scales

TEST_CASE("a scalar site under a mask of three counts up to three times, and so does a scale") {
  const auto model = [] { sample("x", dist::Normal(0, 1), {.obs = 0}); };
  const Real one = dist::Normal(0, 1).log_prob(0).item();
  CHECK(h::trace(h::mask(model, mask_of({true, true, false}))).get_trace().log_prob_sum().item() ==
        Approx(2 * one));
  const Trace t = h::trace(h::scale(model, tensor({1, 2, 3}))).get_trace();
  CHECK(t.log_prob_sum().item() == Approx(6 * one));
  CHECK(t["x"].log_prob().shape() == Shape{3});
}

TEST_CASE("a mask or scale that does not broadcast is an error with the site and both shapes") {
  const auto model = [] { sample("x", dist::Normal(zeros({4}), 1), {.obs = zeros({4})}); };
  const auto masked = [&] { h::trace(h::mask(model, mask_of({true, false, true}))).get_trace(); };
  const std::string mask = error_of(masked);
  INFO(mask);
  CHECK(has(mask, "'x'"));
  CHECK(has(mask, "(3,)"));
  CHECK(has(mask, "(4,)"));
  const std::string scale = error_of([&] { h::trace(h::scale(model, ones({3}))).get_trace(); });
  CHECK(has(scale, "'x'"));
  CHECK(has(scale, "(3,)"));
}

TEST_CASE("a site's mask has the shape of the elements; handler masks get trailing ones") {
  const Mask own = mask_of({true, false, true, true, true, true}, {2, 3});
  const Trace t = h::trace([&] {
                    with inside(h::mask(mask_of({true, false})));
                    sample("x", dist::Normal(zeros({2, 3}), 1).mask(own).to_event(1));
                  }).get_trace();
  CHECK(t["x"].mask == mask_of({true, false, true, false, false, false}, {2, 3}));
  CHECK(t["x"].log_prob().shape() == Shape{2});
}

TEST_CASE("a visible -infinity is a legal log density; behind a mask it counts 0") {
  const auto model = [](bool hidden) {
    const Mask seen = mask_of({true, !hidden});
    sample("x", dist::Categorical({.logits = tensor({0.0, -kInfinity})}).expand({2}).mask(seen),
           {.obs = tensor({0, 1})});
  };
  CHECK(h::trace(model).get_trace(false).log_prob_sum().item() == -kInfinity);
  CHECK(h::trace(model).get_trace(true).log_prob_sum().item() == 0);
}

TEST_CASE("a scale is differentiable") {
  const auto joint = [](std::span<const Tensor> in) {
    return h::trace(h::scale(
                        [] {
                          sample("x", dist::Normal(0, 1), {.obs = tensor({1.0, 2.0})});
                        },
                        in[0]))
        .get_trace()
        .log_prob_sum();
  };
  const auto grads = value_and_grad(joint, {tensor({0.5, 3.0})}).grads;
  CHECK(grads[0].at({1}) == Approx(dist::Normal(0, 1).log_prob(2).item()));
}

TEST_CASE("latent sites that handlers hide are not drawn from: their parameters are not read") {
  const Trace t = h::trace(h::mask(
                               [] {
                                 sample("x", dist::Normal(tensor({0.0, kNaN}), 1));
                               },
                               mask_of({true, false})))
                      .get_trace();
  CHECK(std::isfinite(t["x"].value.at({1})));
}

// ---- automatic guides

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

// ---- tensors and the tape

TEST_CASE("a tensor that is kept after its step becomes a constant; parameters in it do not move") {
  param_store().clear();
  Tensor kept;
  const auto model = [&] {
    const Tensor w = param("w", tensor({1.0, 2.0}));
    kept = w;
    factor("f", -sum(square(w)));
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 0.1}));
  svi.step();
  CHECK(kept.at({0}) == 1);
  CHECK(param_store().get("w").at({0}) == Approx(0.8));
  const Tensor first = kept;
  const Tensor stored = param_store().get("w");
  svi.step();
  CHECK(first.at({0}) == 1);
  CHECK(stored.at({0}) == Approx(0.8));
  CHECK(kept.at({0}) == Approx(0.8));
}

// ---- process and threads

TEST_CASE("a draw does not depend on other sites, nor on the order in which they come") {
  const auto draw = [](bool others) {
    set_rng_seed(5);
    if (others) sample("other", dist::Normal(zeros({7}), 1));
    const Tensor x = sample("x", dist::Normal(zeros({3}), 1));
    return x;
  };
  CHECK(same_bits(draw(true), draw(false)));
  set_rng_seed(5);
  const Tensor first = sample("x", dist::Normal(zeros({3}), 1));
  const Tensor again = sample("x", dist::Normal(zeros({3}), 1));
  CHECK_FALSE(same_bits(first, again));
}

TEST_CASE("eight threads trace and fit the same model at once") {
  param_store().clear();
  const Mask seen = mask_of({true, false, true, true});
  const Tensor y = tensor({1.0, kNaN, 2.0, 0.5});
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    const Tensor w = param("shared", tensor({0.5}));
    plate p("p", 4);
    with inside(h::mask(seen & Mask(true)));
    sample("y", dist::Normal(mu + w, 1), {.obs = y});
  };
  std::vector<Real> joints(8);
  std::vector<Real> gradients(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) {
        const auto [value, grads] = value_and_grad(
            [&](std::span<const Tensor> in) {
              return h::trace(h::condition(h::seed(model, 3), {{"mu", in[0]}}))
                  .get_trace()
                  .log_prob_sum();
            },
            {Real(0.3)});
        joints[i] = value;
        gradients[i] = grads[0].item();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (std::size_t i = 1; i < 8; ++i) {
    CHECK(joints[i] == joints[0]);
    CHECK(gradients[i] == gradients[0]);
  }
}

TEST_CASE("after an error the runtime is as before: stack empty, tape clean, store unchanged") {
  param_store().clear();
  const auto model = [] {
    const Tensor w = param("w", 1.0);
    plate p("p", 3);
    with inside(h::scale(2));
    sample("x", dist::Normal(w, -1), {.obs = 0});
  };
  infer::SVI svi(
      model, [] {}, infer::Adam());
  for (int i = 0; i < 2; ++i) CHECK(has(error_of([&] { svi.step(); }), "'x'"));
  CHECK(detail::handler_depth() == 0);
  CHECK(detail::find_open_plate("p") == nullptr);
  CHECK_FALSE(detail::Tape::current().recording());
  CHECK(param_store().get("w").item() == 1);
}
