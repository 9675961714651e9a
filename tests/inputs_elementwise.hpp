// Inputs of the element-wise operators: every way of broadcasting, ranks 0 to 4, empty tensors.
#pragma once

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <ember/core/op.hpp>

#include "operator_case.hpp"

namespace ember::testing {

template <detail::Op>
struct Inputs;

inline const std::vector<std::pair<Shape, Shape>>& broadcasting_pairs() {
  static const std::vector<std::pair<Shape, Shape>> pairs{
      {{}, {}},          {{3}, {3}},          {{3}, {}},
      {{}, {3}},         {{1}, {3}},          {{2, 3}, {2, 3}},
      {{2, 3}, {3}},     {{2, 3}, {2, 1}},    {{2, 1}, {3}},
      {{1, 3}, {2, 1}},  {{4, 1, 3}, {2, 1}}, {{2, 3}, {4, 2, 1}},
      {{3, 1}, {1, 1}},  {{2, 1, 2, 1}, {3}}, {{2, 3, 1, 2}, {2, 3, 2, 2}},
      {{0}, {1}},        {{0, 3}, {3}},       {{2, 0}, {}},
      {{2, 1}, {0}},     {{17}, {17}},        {{5, 17}, {17}},
      {{5, 17}, {5, 1}},
  };
  return pairs;
}

inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> list{{},     {1},    {5},       {0},          {2, 3},
                                       {3, 0}, {0, 2}, {2, 3, 2}, {2, 1, 3, 2}, {37}};
  return list;
}

struct Interval {
  double low, high;
};

// f on operands of all pairs of shapes, and on one operand twice.
template <class F, class G>
std::vector<Case> binary_cases(Interval a, Interval b, F f, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 1;
  for (const auto& [left, right] : broadcasting_pairs()) {
    const Tensor x = numbers(left, a.low, a.high, ++seed);
    const Tensor y = numbers(right, b.low, b.high, ++seed);
    const Shape shape = broadcast_shapes(left, right, "test");
    cases.push_back(
        {describe("", {x, y}),
         {x, y},
         [f](std::span<const Tensor> in) { return f(in[0], in[1]); },
         shape,
         over(shape, [&](const Position& p) { return reference(at(x, p), at(y, p)); })});
  }
  for (const Shape& shape : {Shape{}, Shape{4}, Shape{2, 3}}) {
    const Tensor x = numbers(shape, std::max(a.low, b.low), std::min(a.high, b.high), ++seed);
    cases.push_back(
        {describe("twice", {x}),
         {x},
         [f](std::span<const Tensor> in) { return f(in[0], in[0]); },
         shape,
         over(shape, [&](const Position& p) { return reference(at(x, p), at(x, p)); })});
  }
  return cases;
}

template <class F, class G>
std::vector<Case> unary_cases(Interval where, F f, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 100;
  for (const Shape& shape : shapes()) {
    const Tensor x = numbers(shape, where.low, where.high, ++seed);
    cases.push_back({describe("", {x}),
                     {x},
                     [f](std::span<const Tensor> in) { return f(in[0]); },
                     shape,
                     over(shape, [&](const Position& p) { return reference(at(x, p)); })});
  }
  return cases;
}

#define EMBER_BINARY(name, a, b, call, reference)                      \
  template <>                                                          \
  struct Inputs<detail::Op::name> {                                    \
    static std::vector<Case> cases() {                                 \
      return binary_cases(                                             \
          a, b, [](const Tensor& x, const Tensor& y) { return call; }, \
          [](double x, double y) { return reference; });               \
    }                                                                  \
  };

#define EMBER_UNARY(name, interval, call, reference)                                           \
  template <>                                                                                  \
  struct Inputs<detail::Op::name> {                                                            \
    static std::vector<Case> cases() {                                                         \
      return unary_cases(                                                                      \
          interval, [](const Tensor& x) { return call; }, [](double x) { return reference; }); \
    }                                                                                          \
  };

inline constexpr Interval kAround{-2, 2};
inline constexpr Interval kAbove{0.3, 3};

EMBER_BINARY(add, kAround, kAround, x + y, x + y)
EMBER_BINARY(subtract, kAround, kAround, x - y, x - y)
EMBER_BINARY(multiply, kAround, kAround, x* y, x* y)
EMBER_BINARY(divide, kAround, kAbove, x / y, x / y)
EMBER_BINARY(pow, kAbove, kAbove, pow(x, y), std::pow(x, y))

EMBER_BINARY(maximum, kAround, kAround, maximum(x, y), std::fmax(x, y))
EMBER_BINARY(minimum, kAround, kAround, minimum(x, y), std::fmin(x, y))

EMBER_UNARY(negate, kAround, -x, -x)
EMBER_UNARY(exp, kAround, exp(x), std::exp(x))
EMBER_UNARY(log, kAbove, log(x), std::log(x))
EMBER_UNARY(log1p, (Interval{-0.9, 2}), log1p(x), std::log1p(x))
EMBER_UNARY(expm1, kAround, expm1(x), std::expm1(x))
EMBER_UNARY(sqrt, kAbove, sqrt(x), std::sqrt(x))
EMBER_UNARY(square, kAround, square(x), x* x)
EMBER_UNARY(tanh, kAround, tanh(x), std::tanh(x))
EMBER_UNARY(sin, kAround, sin(x), std::sin(x))
EMBER_UNARY(cos, kAround, cos(x), std::cos(x))
EMBER_UNARY(tan, (Interval{-1.2, 1.3}), tan(x), std::tan(x))
EMBER_UNARY(atan, kAround, atan(x), std::atan(x))
EMBER_UNARY(sigmoid, kAround, sigmoid(x), 1 / (1 + std::exp(-x)))
EMBER_UNARY(logit, (Interval{0.02, 0.98}), logit(x), std::log(x / (1 - x)))
EMBER_UNARY(softplus, kAround, softplus(x), std::log1p(std::exp(x)))
EMBER_UNARY(abs, kAround, abs(x), std::fabs(x))
EMBER_UNARY(relu, kAround, relu(x), x > 0 ? x : 0)
EMBER_UNARY(clamp, kAround, clamp(x, -0.5, 1), x<-0.5 ? -0.5 : x> 1 ? 1 : x)
EMBER_UNARY(erf, kAround, erf(x), boost::math::erf(x))
EMBER_UNARY(lgamma, (Interval{-0.9, 4}), lgamma(x), boost::math::lgamma(x))
EMBER_UNARY(digamma, (Interval{0.3, 12}), digamma(x), boost::math::digamma(x))
EMBER_UNARY(normal_cdf, kAround, normal_cdf(x), 0.5 * boost::math::erfc(-x / std::sqrt(2.0)))
EMBER_UNARY(normal_quantile, (Interval{0.02, 0.98}), normal_quantile(x),
            -std::sqrt(2.0) * boost::math::erfc_inv(2 * x))

#undef EMBER_BINARY
#undef EMBER_UNARY

template <>
struct Inputs<detail::Op::where> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 200;
    for (const auto& [left, right] : broadcasting_pairs()) {
      for (const Shape& mask_shape : {broadcast_shapes(left, right, "test"), left, right}) {
        const Tensor x = numbers(left, -2, 2, ++seed);
        const Tensor y = numbers(right, -2, 2, ++seed);
        const Tensor choice = numbers(mask_shape, -1, 1, ++seed);
        const Mask chosen = choice > 0;
        const Shape shape = broadcast_shapes(left, right, "test");
        cases.push_back(
            {describe("", {choice, x, y}),
             {x, y},
             [chosen](std::span<const Tensor> in) { return where(chosen, in[0], in[1]); },
             shape,
             over(shape,
                  [&](const Position& p) { return at(choice, p) > 0 ? at(x, p) : at(y, p); })});
      }
    }
    return cases;
  }
};

}  // namespace ember::testing
