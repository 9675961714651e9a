// AutoNormal's draw and its density, against the families that they stand for.
#include <ember/inference/normal_draw.hpp>

#include <ember/core/location_scale.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

const detail::RandomKey kKey{17};
constexpr double kTolerance = sizeof(Real) == 8 ? 1e-10 : 1e-4;

// What the draw is by definition: the noise is that of the same key.
struct Plain {
  Tensor value;
  dist::Distribution q;
};
Plain plain(const Tensor& loc, const Tensor& log_scale, const transforms::Transform* transform) {
  const Tensor u = loc + exp(log_scale) * detail::standard_normal(kKey, loc.shape());
  const dist::Normal normal(loc, exp(log_scale));
  if (transform == nullptr) return {u, normal};
  return {(*transform)(u), dist::Transformed(normal, *transform)};
}

}  // namespace

TEST_CASE("the fused draw, its density and all gradients are those of Normal and Transformed") {
  const Tensor loc = tensor({0.3, -1.2, 0.7, 2.0, -0.4, 0.1}).reshape({2, 3});
  const Tensor log_scale = tensor({-0.5, 0.4, -2.0, 0.0, 0.9, -1.1}).reshape({2, 3});
  const Tensor weights = tensor({1.0, -2.0, 0.5, 3.0, 0.7, -1.5}).reshape({2, 3});
  const transforms::Transform positive = biject_to(constraints::positive);
  const transforms::Transform interval = biject_to(constraints::interval(-1, 3));
  const transforms::Transform* const kinds[] = {nullptr, &positive, &interval};
  for (const transforms::Transform* t : kinds) {
    for (const Mask& visible :
         {Mask::filled({2, 3}, true), mask_of({true, false, true, true, false, false}, {2, 3}),
          Mask::filled({2, 3}, false), mask_of({true, false}, {2, 1})}) {
      INFO("transform " << (t == nullptr ? "none" : t->rule().name()) << ", "
                        << to_string(visible));
      // an ELBO whose likelihood reads the visible elements
      const auto objective = [&](auto make) {
        return value_and_grad(
            [&](std::span<const Tensor> in) {
              const auto drawn = make(in[0], in[1]);
              return sum(where(visible, weights * square(drawn.value), 0)) -
                     drawn.q.log_prob_sum(drawn.value, visible);
            },
            {loc, log_scale});
      };
      const auto fused = objective(
          [&](const Tensor& a, const Tensor& b) { return infer::normal_draw(a, b, t, kKey); });
      const auto expected =
          objective([&](const Tensor& a, const Tensor& b) { return plain(a, b, t); });
      CHECK(fused.value == Approx(expected.value).epsilon(kTolerance).margin(kTolerance));
      for (std::size_t k = 0; k < 2; ++k) {
        for (std::size_t i = 0; i < 6; ++i) {
          CHECK(fused.grads[k].data()[i] ==
                Approx(expected.grads[k].data()[i]).epsilon(kTolerance).margin(kTolerance));
        }
      }
    }
  }
}

TEST_CASE("a draw's density under one mask and another, and twice under one") {
  const Tensor loc = tensor({0.3, -1.2, 0.7}), log_scale = tensor({-0.5, 0.4, -2.0});
  const Mask first = mask_of({true, false, true}, {3}), second = mask_of({true, true, false}, {3});
  const auto objective = [&](auto make) {
    return value_and_grad(
        [&](std::span<const Tensor> in) {
          const auto drawn = make(in[0], in[1]);
          return 2 * drawn.q.log_prob_sum(drawn.value, first) +
                 drawn.q.log_prob_sum(drawn.value, second) +
                 drawn.q.log_prob_sum(drawn.value, first) + sum(square(drawn.value));
        },
        {loc, log_scale});
  };
  const auto fused = objective(
      [&](const Tensor& a, const Tensor& b) { return infer::normal_draw(a, b, nullptr, kKey); });
  const auto expected =
      objective([&](const Tensor& a, const Tensor& b) { return plain(a, b, nullptr); });
  CHECK(fused.value == Approx(expected.value).epsilon(kTolerance));
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(fused.grads[k].data()[i] ==
            Approx(expected.grads[k].data()[i]).epsilon(kTolerance).margin(kTolerance));
    }
  }
}

TEST_CASE("a draw is to the last bit what it is without gradients") {
  for (const Index n : {1, 7, 1000, 40'000}) {
    INFO("n " << n);
    const Tensor noise = detail::standard_normal(kKey, {n});
    const Tensor loc = 10 * detail::standard_normal({18}, {n});
    const Tensor log_scale = detail::standard_normal({19}, {n});
    const Tensor plain_draw = detail::location_scale(loc, log_scale, noise);
    Tensor recorded;
    value_and_grad(
        [&](std::span<const Tensor> in) {
          recorded = detail::location_scale(in[0], in[1], noise);
          return sum(recorded);
        },
        {loc, log_scale});
    CHECK(same_bits(recorded, plain_draw));
  }
}

TEST_CASE("the fused draw answers for other values as well") {
  const Tensor loc = tensor({0.3, -1.2}), log_scale = tensor({-0.5, 0.4});
  const transforms::Transform positive = biject_to(constraints::positive);
  const infer::Draw draw = infer::normal_draw(loc, log_scale, &positive, kKey);
  const dist::LogNormal expected(loc, exp(log_scale));
  const Tensor other = tensor({0.8, 2.5});
  CHECK(draw.q.log_prob_sum(other).item() == Approx(expected.log_prob_sum(other).item()));
  CHECK(max(abs(draw.q.log_prob(draw.value) - expected.log_prob(draw.value))).item() < kTolerance);
  CHECK(draw.q.support() == constraints::positive);
}
