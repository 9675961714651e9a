// Inputs of every operator in core/operators.def: the generic tests run over that table, so that an
// operator without a specialisation of Inputs does not compile.
#pragma once

#include <ember/core/location_scale.hpp>
#include <ember/core/total.hpp>
#include <ember/distributions/normal.hpp>

#include "fuses_few.hpp"
#include "inputs_composed.hpp"
#include "inputs_elementwise.hpp"
#include "inputs_linalg.hpp"
#include "inputs_reductions.hpp"
#include "inputs_rows.hpp"
#include "inputs_selection.hpp"

namespace ember::testing {

template <>
struct Inputs<detail::Op::location_scale> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 680;
    for (const Shape& shape : shapes()) {
      const Tensor loc = numbers(shape, -2, 2, ++seed);
      const Tensor log_scale = numbers(shape, -2, 1, ++seed);
      const Tensor noise = numbers(shape, -2, 2, ++seed);
      cases.push_back(
          {describe("", {loc, log_scale, noise}),
           {loc, log_scale, noise},
           [](std::span<const Tensor> in) { return detail::location_scale(in[0], in[1], in[2]); },
           shape,
           over(shape, [&](const Position& p) {
             return at(loc, p) + std::exp(at(log_scale, p)) * at(noise, p);
           })});
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::draw_density> {
  // Of a draw that is used as well: its adjoint and the density's come together, unless their masks
  // differ, and of noise that needs gradients.
  static Case of_draw(const Shape& shape, const Mask& used, const Mask& visible, bool by_noise,
                      std::uint64_t seed) {
    const Tensor loc = numbers(shape, -2, 2, seed);
    const Tensor log_scale = numbers(shape, -2, 1, seed + 1);
    const Tensor noise = numbers(shape, -2, 2, seed + 2);
    const std::vector<std::uint8_t> is_used = used.broadcast_to(shape).to_bytes();
    const std::vector<std::uint8_t> is_visible = visible.broadcast_to(shape).to_bytes();
    double expected = 0;
    for (std::size_t n = 0; n < loc.data().size(); ++n) {
      const double e = noise.data()[n], l = log_scale.data()[n];
      const double z = loc.data()[n] + std::exp(l) * e;
      expected += loc.data()[n] + (is_used[n] != 0 ? z * z : 0);
      if (is_visible[n] != 0) {
        expected -= e * e / 2 + l + 0.918938533204672742;  // log(2 pi) / 2
      }
    }
    std::vector<Tensor> inputs{loc, log_scale};
    if (by_noise) inputs.push_back(noise);
    return {describe("", {loc}) + ", used " + to_string(used) + ", visible " + to_string(visible),
            inputs,
            [=](std::span<const Tensor> in) {
              const Tensor& e = by_noise ? in[2] : noise;
              const detail::GaussianDraw draw(in[0], in[1], e);
              return sum(in[0]) + sum(where(used, square(draw.value()), 0)) +
                     draw.log_density(visible);
            },
            Shape(),
            {expected}};
  }
  static std::vector<Case> cases() {
    const Shape shape{2, 3};
    const Mask some = Mask::from_bytes(shape, {1, 0, 1, 1, 0, 0});
    const Mask other = Mask::from_bytes(shape, {1, 1, 0, 0, 0, 1});
    std::vector<Case> cases;
    std::uint64_t seed = 690;
    for (const bool by_noise : {false, true}) {
      cases.push_back(of_draw({}, true, true, by_noise, seed += 3));
      for (const Mask& used : {Mask(true), some, Mask(false)}) {
        for (const Mask& visible : {Mask(true), some, other}) {
          cases.push_back(of_draw(shape, used, visible, by_noise, seed += 3));
        }
      }
    }
    return cases;
  }
};

// Outside of a recording these are the operators one by one.
template <>
struct Inputs<detail::Op::expression> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 720;
    const std::vector<std::array<Shape, 2>> pairs{
        {Shape{520}, Shape{520}}, {Shape{520}, Shape{}}, {Shape{26, 21}, Shape{21}}};
    for (const auto& [first, second] : pairs) {
      const Tensor x = numbers(first, -1, 1, ++seed);
      const Tensor y = numbers(second, -2, 2, ++seed);
      double expected = 0;
      for (const double term : over(first, [&](const Position& p) {
             return at(x, p) * at(y, p) + std::exp(at(x, p));
           })) {
        expected += term;
      }
      cases.push_back({describe("", {x, y}),
                       {x, y},
                       [](std::span<const Tensor> in) {
                         const FusesFew few;
                         return sum(in[0] * in[1] + exp(in[0]));
                       },
                       Shape{},
                       {expected}});
    }
    return cases;
  }
};

// 40 terms are more than one node has room for.
template <>
struct Inputs<detail::Op::total> {
  static Case of(const std::vector<Shape>& terms, std::uint64_t seed) {
    std::vector<Tensor> inputs;
    double expected = 0.5;
    for (std::size_t k = 0; k < terms.size(); ++k) {
      inputs.push_back(numbers(terms[k], -2, 2, seed + k));
      for (const Real x : inputs.back().data()) expected += k % 3 == 1 ? -x : x;
    }
    const Function f = [](std::span<const Tensor> in) {
      detail::Total total(0.5);
      for (std::size_t k = 0; k < in.size(); ++k) {
        if (k % 3 == 1) {
          total.subtract(in[k]);
        } else {
          total.add(in[k]);
        }
      }
      return total.result();
    };
    return {std::to_string(terms.size()) + " terms" + describe("", {inputs.front()}),
            inputs,
            f,
            Shape(),
            {expected}};
  }
  // Sums of sums, added and subtracted, masked.
  static Case nested() {
    const Shape shape{2, 3};
    const Tensor a = numbers(shape, -2, 2, 880), b = numbers(shape, -2, 2, 881),
                 c = numbers(shape, -2, 2, 882);
    const Mask seen = a > 0;
    double expected = 1 - 0.25 + 0.5;
    for (std::size_t i = 0; i < a.data().size(); ++i) {
      const double x = a.data()[i], y = b.data()[i], z = c.data()[i];
      expected += z + (x > 0 ? x : 0) + y - z + x;
    }
    const Function f = [seen](std::span<const Tensor> in) {
      detail::Total first(0.25), second(0.5), outer(1);
      first.subtract(in[0], seen);
      first.subtract(in[1]);
      second.subtract(in[2]);
      second.add(in[0]);
      const Tensor taken = first.result(), added = second.result();
      outer.add(in[2]);
      outer.subtract(taken);
      outer.add(added);
      return outer.result();
    };
    return {"sums of sums", {a, b, c}, f, Shape(), {expected}};
  }
  static std::vector<Case> cases() {
    std::vector<Case> cases{of(std::vector<Shape>(40, Shape()), 850),
                            of(std::vector<Shape>(33, Shape{2}), 870), nested()};
    for (const Shape& shape : shapes()) cases.push_back(of({shape, {}, {3}, shape}, 900));
    return cases;
  }
};

template <>
struct Inputs<detail::Op::matmul> {
  static std::vector<Case> cases() {
    const std::vector<std::pair<Shape, Shape>> pairs{{{2, 3}, {3, 4}},
                                                     {{3}, {3}},
                                                     {{3}, {3, 2}},
                                                     {{2, 3}, {3}},
                                                     {{2, 2, 3}, {3, 2}},
                                                     {{3, 4}, {2, 4, 2}},
                                                     {{2, 1, 2, 3}, {3, 3, 2}},
                                                     {{1, 1}, {1, 1}},
                                                     {{0, 3}, {3, 2}},
                                                     {{2, 0}, {0, 3}},
                                                     {{0, 2, 3}, {3, 2}},
                                                     {{9, 5}, {5, 8}},
                                                     {{17, 33}, {33, 9}},
                                                     {{2, 3, 4}, {2, 4, 5}},
                                                     {{1, 6}, {6, 1}},
                                                     {{2, 2, 3}, {3}}};
    std::vector<Case> cases;
    std::uint64_t seed = 700;
    for (const auto& [left, right] : pairs) {
      const Tensor a = numbers(left, -2, 2, ++seed);
      const Tensor b = numbers(right, -2, 2, ++seed);
      cases.push_back(product(a, b));
    }
    const Tensor square_matrix = numbers({3, 3}, -2, 2, ++seed);
    Case twice = product(square_matrix, square_matrix);
    twice.name.append(" twice");
    twice.inputs = {square_matrix};
    twice.f = [](std::span<const Tensor> in) { return matmul(in[0], in[0]); };
    cases.push_back(twice);
    return cases;
  }

 private:
  // By the definition: the sum over the shared axis, with vectors taken as rows and columns.
  static Case product(const Tensor& a, const Tensor& b) {
    const Tensor rows = a.dim() == 1 ? a.reshape({1, a.numel()}) : a;
    const Tensor columns = b.dim() == 1 ? b.reshape({b.numel(), 1}) : b;
    const Shape batch = broadcast_shapes(rows.shape().first(rows.shape().rank() - 2),
                                         columns.shape().first(columns.shape().rank() - 2), "test");
    const Index depth = rows.shape().from_right(1);
    const Shape wide =
        concatenate(batch, Shape{rows.shape().from_right(2), columns.shape().from_right(1)});
    Numbers expected = over(wide, [&](const Position& p) {
      Position left = p;
      Position right = p;
      double total_of_row = 0;
      for (Index c = 0; c < depth; ++c) {
        left.back() = c;
        right[right.size() - 2] = c;
        total_of_row += at(rows, left) * at(columns, right);
      }
      return total_of_row;
    });
    Shape shape = batch;
    if (a.dim() > 1) shape.push_back(rows.shape().from_right(2));
    if (b.dim() > 1) shape.push_back(columns.shape().from_right(1));
    return {describe("", {a, b}),
            {a, b},
            [](std::span<const Tensor> in) { return matmul(in[0], in[1]); },
            shape,
            std::move(expected)};
  }
};

template <>
struct Inputs<detail::Op::density> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 800;
    const std::vector<std::array<Shape, 3>> triples{
        {Shape{}, Shape{}, Shape{}},      {Shape{3}, Shape{3}, Shape{3}},
        {Shape{2, 3}, Shape{}, Shape{}},  {Shape{}, Shape{2, 3}, Shape{3}},
        {Shape{2, 1}, Shape{3}, Shape{}}, {Shape{4, 2, 3}, Shape{2, 1}, Shape{4, 1, 1}},
        {Shape{0}, Shape{1}, Shape{}},    {Shape{2, 0}, Shape{2, 1}, Shape{}},
        {Shape{1100}, Shape{}, Shape{1}}, {Shape{3, 1}, Shape{1, 4}, Shape{3, 4}}};
    for (const auto& [value, loc, scale] : triples) {
      const Tensor x = numbers(value, -2, 2, ++seed);
      const Tensor m = numbers(loc, -2, 2, ++seed);
      const Tensor s = numbers(scale, 0.5, 2, ++seed);
      const Shape shape = broadcast_shapes(value, broadcast_shapes(loc, scale, "test"), "test");
      cases.push_back({describe("", {x, m, s}),
                       {x, m, s},
                       [](std::span<const Tensor> in) {
                         return distributions::Normal(in[1], in[2]).log_prob(in[0]);
                       },
                       shape,
                       over(shape,
                            [&](const Position& p) {
                              const double z = (at(x, p) - at(m, p)) / at(s, p);
                              return -0.5 * z * z - std::log(at(s, p)) -
                                     0.5 * std::log(2 * std::acos(-1.0));
                            }),
                       [](std::span<const Tensor> in, const Mask& mask) {
                         return sum(distributions::Normal(in[1], in[2]).mask(mask).log_prob(in[0]));
                       }});
    }
    return cases;
  }
};

}  // namespace ember::testing
