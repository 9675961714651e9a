// Optimisers, against the update rules of torch's documentation written as plain loops.
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// The loss 0.5 sum(c (w - a)^2) without any randomness, of two parameters: its gradient is
// c (w - a).
struct Bowl {
  std::vector<Real> start{1, -2, 0.5};
  std::vector<Real> a{3, 1, 0.25};
  std::vector<Real> c{1, 4, 100};

  std::vector<Real> gradient(const std::vector<Real>& w) const {
    std::vector<Real> g;
    for (std::size_t i = 0; i < w.size(); ++i) g.push_back(c[i] * (w[i] - a[i]));
    return g;
  }
  // Where `optimizer` has come to after each step. The first two numbers are one parameter, the
  // last another.
  template <class O>
  std::vector<std::vector<Real>> path(O optimizer, int steps) const {
    param_store().clear();
    const auto model = [&] {
      const Tensor w = concatenate(
          {param("v", tensor({start[0], start[1]})), param("s", tensor({start[2]}))}, 0);
      factor("loss", Real(-0.5) * sum(tensor(c) * square(w - tensor(a))));
    };
    infer::SVI svi(
        model, [] {}, std::move(optimizer));
    std::vector<std::vector<Real>> path;
    for (int i = 0; i < steps; ++i) {
      svi.step();
      const Tensor v = param_store().get("v");
      path.push_back({v.at({0}), v.at({1}), param_store().get("s").at({0})});
    }
    return path;
  }
};

using Rule = std::function<void(int t, std::vector<Real>& w, const std::vector<Real>& g)>;

template <class O>
void follows(O optimizer, const Rule& rule) {
  const Bowl bowl;
  const auto path = bowl.path(std::move(optimizer), 40);
  std::vector<Real> w = bowl.start;
  for (int t = 1; t <= 40; ++t) {
    rule(t, w, bowl.gradient(w));
    for (std::size_t i = 0; i < w.size(); ++i) {
      REQUIRE(path[static_cast<std::size_t>(t - 1)][i] == Approx(w[i]).epsilon(1e-12));
    }
  }
}

std::vector<Real> zero() { return {0, 0, 0}; }

Rule sgd(std::function<double(int)> lr) {
  return [lr](int t, std::vector<Real>& w, const std::vector<Real>& g) {
    for (std::size_t i = 0; i < 3; ++i) w[i] -= lr(t - 1) * g[i];
  };
}

}  // namespace

TEST_CASE("SGD with momentum") {
  std::vector<Real> b = zero();
  follows(infer::SGD({.lr = 0.004, .momentum = 0.9}), [&](int t, auto& w, const auto& g) {
    for (std::size_t i = 0; i < 3; ++i) {
      b[i] = t == 1 ? g[i] : 0.9 * b[i] + g[i];
      w[i] -= 0.004 * b[i];
    }
  });
}

TEST_CASE("RMSprop, with and without momentum") {
  for (const double momentum : {0.0, 0.8}) {
    std::vector<Real> v = zero(), b = zero();
    follows(infer::RMSprop({.lr = 0.02, .alpha = 0.9, .eps = 1e-4, .momentum = momentum}),
            [&](int, auto& w, const auto& g) {
              for (std::size_t i = 0; i < 3; ++i) {
                v[i] = 0.9 * v[i] + 0.1 * g[i] * g[i];
                const Real step = g[i] / (std::sqrt(v[i]) + 1e-4);
                b[i] = momentum * b[i] + step;
                w[i] -= 0.02 * (momentum > 0 ? b[i] : step);
              }
            });
  }
}

TEST_CASE("RMSprop, centered") {
  for (const double momentum : {0.0, 0.8}) {
    std::vector<Real> v = zero(), b = zero(), m = zero();
    follows(infer::RMSprop(
                {.lr = 0.002, .alpha = 0.9, .eps = 1e-4, .momentum = momentum, .centered = true}),
            [&](int, auto& w, const auto& g) {
              for (std::size_t i = 0; i < 3; ++i) {
                v[i] = 0.9 * v[i] + 0.1 * g[i] * g[i];
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                b[i] = momentum * b[i] + g[i] / (std::sqrt(v[i] - m[i] * m[i]) + 1e-4);
                w[i] -= 0.002 * b[i];
              }
            });
  }
  // gradients that do not move have no deviation: what is left is eps, never the root of less than
  // 0
  param_store().clear();
  const Tensor slopes = 0.1 + 0.01 * arange(64);
  const auto model = [&] { factor("loss", sum(slopes * param("w", zeros({64})))); };
  infer::SVI svi(
      model, [] {}, infer::RMSprop({.lr = 1e-9, .alpha = 0.5, .eps = 1e-3, .centered = true}));
  for (int i = 0; i < 200; ++i) svi.step();
  const Tensor before = param_store().get("w");
  svi.step();
  const Tensor step = param_store().get("w") - before;
  CHECK((abs(step / (1e-6 * slopes) - 1) < 1e-4).is_all());
}

TEST_CASE("Adam and AdamW") {
  for (const double decay : {0.0, 0.3}) {
    std::vector<Real> m = zero(), v = zero();
    const Rule rule = [&](int t, auto& w, const auto& g) {
      for (std::size_t i = 0; i < 3; ++i) {
        w[i] -= 0.05 * decay * w[i];
        m[i] = 0.8 * m[i] + 0.2 * g[i];
        v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
        const Real m_hat = m[i] / (1 - std::pow(0.8, t));
        const Real v_hat = v[i] / (1 - std::pow(0.95, t));
        w[i] -= 0.05 * m_hat / (std::sqrt(v_hat) + 1e-3);
      }
    };
    if (decay == 0) {
      follows(infer::Adam({.lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3}), rule);
    } else {
      follows(infer::AdamW(
                  {.lr = 0.05, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = decay}),
              rule);
    }
  }
}

TEST_CASE("ClippedAdam clamps each element, decays, and adds eps before the correction") {
  std::vector<Real> m = zero(), v = zero();
  double lr = 0.05;
  follows(infer::ClippedAdam({.lr = lr, .eps = 1e-3, .clip_norm = 5, .lrd = 0.97}),
          [&](int t, auto& w, const auto& g) {
            lr *= 0.97;
            for (std::size_t i = 0; i < 3; ++i) {
              const Real h = std::min(std::max(g[i], Real(-5)), Real(5));
              m[i] = 0.9 * m[i] + 0.1 * h;
              v[i] = 0.999 * v[i] + 0.001 * h * h;
              const double step = lr * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
              w[i] -= step * m[i] / (std::sqrt(v[i]) + 1e-3);
            }
          });
}

TEST_CASE("learning rates follow a schedule, whatever the rule is") {
  const auto pi = std::numbers::pi;
  follows(infer::SGD({.lr = 0.005, .schedule = infer::exponential(0.9)}),
          sgd([](int t) { return 0.005 * std::pow(0.9, t); }));
  follows(infer::SGD({.lr = 0.005, .schedule = infer::stepwise(10, 0.5)}), sgd([](int t) {
            return 0.005 * (t < 10 ? 1 : t < 20 ? 0.5 : t < 30 ? 0.25 : 0.125);
          }));
  follows(infer::SGD({.lr = 0.005, .schedule = infer::cosine(30, 0.1)}), sgd([pi](int t) {
            return 0.005 * (t < 30 ? 0.1 + 0.45 * (1 + std::cos(pi * t / 30)) : 0.1);
          }));
  follows(infer::SGD({.lr = 0.005, .schedule = infer::warm_up(5, infer::cosine(30))}),
          sgd([pi](int t) {
            if (t < 5) return 0.005 * (t + 1) / 5;
            return t < 35 ? 0.0025 * (1 + std::cos(pi * (t - 5) / 30)) : 0;
          }));
  follows(infer::SGD({.lr = 0.005, .schedule = infer::warm_up(5)}),
          sgd([](int t) { return 0.005 * std::min(t + 1, 5) / 5; }));
  std::vector<Real> m = zero(), v = zero();
  follows(infer::Adam({.lr = 0.05, .schedule = [](Index t) { return 1 / (1.0 + double(t)); }}),
          [&](int t, auto& w, const auto& g) {
            for (std::size_t i = 0; i < 3; ++i) {
              m[i] = 0.9 * m[i] + 0.1 * g[i];
              v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
              w[i] -= 0.05 / t * m[i] / (1 - std::pow(0.9, t)) /
                      (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
            }
          });
}

TEST_CASE("parameters have rates of their own, by name; 0 leaves one as it is") {
  follows(infer::SGD({.lr = 0.005, .rate_of = infer::rates({{"s", 0.25}})}),
          [](int, auto& w, const auto& g) {
            for (std::size_t i = 0; i < 3; ++i) w[i] -= (i < 2 ? 0.005 : 0.00125) * g[i];
          });
  const auto path = Bowl().path(
      infer::Adam(
          {.lr = 0.1, .rate_of = [](const std::string& p) { return p == "v" ? 0.0 : 1.0; }}),
      5);
  CHECK(path[4][0] == 1);
  CHECK(path[4][1] == -2);
  CHECK(path[4][2] != Real(0.5));
}

TEST_CASE("gradients are clipped by value, by the norm of all, by the norm of each") {
  const auto norm = [](Real x, Real y, Real z) { return std::sqrt(x * x + y * y + z * z); };
  follows(infer::SGD({.lr = 0.01, .clip = {.value = 2}}), [](int, auto& w, const auto& g) {
    for (std::size_t i = 0; i < 3; ++i) w[i] -= 0.01 * std::min(std::max(g[i], Real(-2)), Real(2));
  });
  follows(infer::SGD({.lr = 0.01, .clip = {.norm = 3}}), [&](int, auto& w, const auto& g) {
    const Real factor = std::min(Real(1), 3 / norm(g[0], g[1], g[2]));
    for (std::size_t i = 0; i < 3; ++i) w[i] -= 0.01 * factor * g[i];
  });
  follows(infer::SGD({.lr = 0.01, .clip = {.norm = 3, .per_param = true}}),
          [&](int, auto& w, const auto& g) {
            const Real first = std::min(Real(1), 3 / norm(g[0], g[1], 0));
            const Real second = std::min(Real(1), 3 / std::abs(g[2]));
            for (std::size_t i = 0; i < 3; ++i) w[i] -= 0.01 * (i < 2 ? first : second) * g[i];
          });
}

TEST_CASE("options that make no sense are errors, and nothing moves") {
  CHECK(has(error_of([] { infer::Adam({.lr = -1}); }), "Adam: lr is -1"));
  CHECK(has(error_of([] { infer::Adam({.beta2 = 1}); }), "beta2"));
  CHECK(has(error_of([] { infer::SGD({.lr = kNaN}); }), "SGD: lr"));
  CHECK(has(error_of([] { infer::Adam({.eps = 0}); }), "Adam: eps is 0; it must be positive"));
  CHECK(has(error_of([] { infer::AdamW({.eps = kNaN}); }), "AdamW: eps"));
  CHECK(has(error_of([] { infer::ClippedAdam({.eps = -1}); }), "ClippedAdam: eps"));
  CHECK(has(error_of([] { infer::RMSprop({.eps = 0}); }), "RMSprop: eps"));
  CHECK(has(error_of([] { infer::RMSprop({.momentum = 1.5}); }), "momentum"));
  CHECK(has(error_of([] { infer::AdamW({.weight_decay = -1}); }), "weight_decay"));
  CHECK(has(error_of([] { infer::SGD({.clip = {.norm = 0}}); }), "clip"));
  CHECK(has(error_of([] { infer::cosine(0); }), "cosine"));
  CHECK(has(error_of([] { infer::exponential(kNaN); }), "exponential"));
  const auto bad = [](Index t) { return t == 1 ? kNaN : 1.0; };
  const std::string text =
      error_of([&] { Bowl().path(infer::SGD({.lr = 0.001, .schedule = bad}), 5); });
  CHECK(has(text, "schedule at step 1"));
  CHECK(param_store().get("s").at({0}) == Approx(0.5 - 0.001 * 25));
  CHECK(has(error_of([&] {
              Bowl().path(infer::SGD({.lr = 1, .rate_of = infer::rates({{"s", -1}})}), 1);
            }),
            "'s'"));
  CHECK(param_store().names().empty());
}

TEST_CASE("a parameter that is new in the store begins anew") {
  param_store().clear();
  const auto model = [] { factor("f", -square(param("w", 3.0))); };
  infer::SVI svi(
      model, [] {}, infer::Adam({.lr = 0.1}));
  const auto first_move = [&](Real from) {
    svi.step();
    return from - param_store().get("w").item();
  };
  // the first step of Adam is lr, whatever the gradient is
  CHECK(first_move(3) == Approx(0.1));
  svi.run(20, {});
  param_store().clear();
  CHECK(first_move(3) == Approx(0.1));
  svi.run(20, {});
  param_store().set("w", 0.5);
  CHECK(first_move(0.5) == Approx(0.1));
}

TEST_CASE("a parameter comes back with another shape of as many elements") {
  param_store().clear();
  Shape shape{100, 2};
  const auto model = [&] {
    const Tensor w = param("w", zeros(shape));
    factor("f", -square(select(w, 0, 7) - 1));
    factor("g", -square(param("other", 2.0)));
  };
  infer::SVI svi(
      model, [] {}, infer::Adam({.lr = 0.1}));
  svi.step();
  CHECK(param_store().get("w").at({7, 1}) == Approx(0.1));
  param_store().clear();
  shape = {200, 1};
  svi.step();
  svi.step();
  const Tensor w = param_store().get("w");
  CHECK(w.at({7, 0}) == Approx(0.2).epsilon(0.01));
  CHECK(w.at({14, 0}) == 0);
  CHECK(w.at({15, 0}) == 0);
}
