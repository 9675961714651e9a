// value_and_grad inside of models, handlers and itself.
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

#include <stdexcept>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;
namespace h = ember::handlers;

namespace {

// The gradient of sum((x - 1)^2) at x, a constant.
Tensor slope(const Tensor& x) {
  return value_and_grad([](std::span<const Tensor> in) { return sum(square(in[0] - 1)); }, {x})
      .grads[0];
}

}  // namespace

TEST_CASE("a model may take a gradient of its own while it is fitted") {
  // y's location w slope(2) = 2 w: the loss is (2 w - 3)^2 / 2, its gradient 2 (2 w - 3).
  const auto fitted = [](const std::function<Tensor()>& factor_of_w) {
    param_store().clear();
    const auto model = [&] {
      const Tensor w = param("w", 1);
      sample("y", dist::Normal(w * factor_of_w(), 1), {.obs = 3});
    };
    infer::SVI svi(
        model, [] {}, infer::SGD({.lr = 0.125}));
    std::vector<Real> losses;
    for (int i = 0; i < 4; ++i) losses.push_back(svi.step());
    CHECK(param_store().get("w").item() == Approx(1.5 - 0.5 / 16));
    return losses;
  };
  CHECK(fitted([] { return slope(2); }) == fitted([] { return Tensor(2); }));
}

TEST_CASE("a handler may take a gradient while its model is differentiated") {
  struct Slopes : h::Handler {
    std::vector<Tensor> seen;
    void postprocess(Message& message) override {
      if (message.name == "x") seen.push_back(slope(detach(message.value)));
    }
  };
  Slopes slopes;
  const auto result = value_and_grad(
      [&](std::span<const Tensor> in) {
        const auto model = [&] {
          const Tensor x = deterministic("x", in[0] * 2);
          factor("f", sum(x * x));
        };
        with inside(slopes);
        return h::trace(model).get_trace().log_prob_sum();
      },
      {tensor({1, 3})});
  CHECK(same_bits(result.grads[0], tensor({8, 24})));
  REQUIRE(slopes.seen.size() == 1);
  CHECK(same_bits(slopes.seen[0], tensor({2, 10})));
}

TEST_CASE("an exception out of an inner gradient leaves the outer one as it was") {
  const auto result = value_and_grad(
      [](std::span<const Tensor> in) {
        const Tensor before = exp(in[0]);
        for (int i = 0; i < 3; ++i) {
          CHECK_THROWS_AS(value_and_grad(
                              [](std::span<const Tensor> deep) -> Tensor {
                                const Tensor x = deep[0] * 3;
                                throw std::runtime_error("no");
                              },
                              {ones({50})}),
                          std::runtime_error);
          CHECK_THROWS_AS(
              value_and_grad([&](std::span<const Tensor> deep) { return sum(deep[0] * before); },
                             {ones({2})}),
              Error);
          CHECK_THROWS_AS(
              value_and_grad([](std::span<const Tensor> deep) { return deep[0]; }, {ones({2})}),
              Error);
        }
        CHECK(same_bits(slope(tensor({3, 4})), tensor({4, 6})));
        return sum(before * before);
      },
      {tensor({0, 1})});
  CHECK(result.value == Approx(1 + std::exp(2)));
  CHECK(result.grads[0].at({0}) == Approx(2));
  CHECK(result.grads[0].at({1}) == Approx(2 * std::exp(2)));
  CHECK_FALSE(detail::Tape::current().recording());
}

TEST_CASE("gradients nest three deep") {
  const auto deepest = value_and_grad(
      [](std::span<const Tensor> in) {
        return sum(in[0] * value_and_grad(
                               [](std::span<const Tensor> middle) {
                                 return sum(middle[0] * slope(tensor({2, 3})));
                               },
                               {tensor({5, 7})})
                               .grads[0]);
      },
      {ones({2})});
  CHECK(same_bits(deepest.grads[0], tensor({2, 4})));
}

TEST_CASE("a second derivative is an error that says so") {
  const std::string text = error_of([] {
    value_and_grad(
        [](std::span<const Tensor> in) {
          const auto inner = value_and_grad(
              [](std::span<const Tensor> deep) { return sum(deep[0] * deep[0] * deep[0]); },
              {in[0]});
          return sum(inner.grads[0]);
        },
        {ones({2})});
  });
  CAPTURE(text);
  CHECK(text.rfind("value_and_grad: ", 0) == 0);
  CHECK(has(text, "derivatives of derivatives are not computed"));
  CHECK(has(text, "detach"));
}

TEST_CASE("an inner gradient that depends on a parameter of the step is an error") {
  const auto error_with = [](bool used_before) {
    param_store().clear();
    const auto model = [=] {
      if (used_before) param("w", ones({2}));
      const auto inner = value_and_grad(
          [](std::span<const Tensor> in) { return sum(in[0] * param("w", ones({2}))); },
          {ones({2})});
      factor("f", sum(inner.grads[0]));
    };
    infer::SVI svi(
        model, [] {}, infer::SGD({.lr = 0.1}));
    return error_of([&] { svi.step(); });
  };
  CHECK(has(error_with(true), "an inner value_and_grad depends on a tensor of an outer one"));
  const std::string first = error_with(false);
  CAPTURE(first);
  CHECK(has(first, "param 'w': an inner value_and_grad depends on a parameter"));
  CHECK(has(first, "detach"));
  // outside of a step a parameter is a constant
  const auto f = [](std::span<const Tensor> in) { return sum(in[0] * param("w", ones({2}))); };
  CHECK(same_bits(value_and_grad(f, {zeros({2})}).grads[0], ones({2})));
  param_store().clear();
}
