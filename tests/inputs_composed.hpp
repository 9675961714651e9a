// Inputs of the operators that are made of others: the generic tests run over them, too.
#pragma once

#include <ember/core/linalg.hpp>

#include "inputs_reductions.hpp"
#include "inputs_selection.hpp"

namespace ember::testing {

/// An operator without an entry in core/operators.def.
struct Composed {
  std::string name;
  std::vector<Case> cases;
};

// x where keep(row, column), else 0.
template <class Keep>
std::vector<Case> triangle_cases(Tensor (*f)(const Tensor&, Index), Keep keep) {
  std::vector<Case> cases;
  std::uint64_t seed = 900;
  for (const Shape& shape :
       {Shape{3, 3}, Shape{2, 4}, Shape{3, 1}, Shape{0, 2}, Shape{2, 3, 2}, Shape{2, 1, 2, 2}}) {
    for (Index k : {-1, 0, 1, 5}) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      cases.push_back({describe("diagonal " + std::to_string(k), {x}),
                       {x},
                       [=](std::span<const Tensor> in) { return f(in[0], k); },
                       shape,
                       over(shape, [&](const Position& p) {
                         return keep(p[p.size() - 2], p.back(), k) ? at(x, p) : 0;
                       })});
    }
  }
  return cases;
}

inline std::vector<Case> diag_embed_cases() {
  std::vector<Case> cases;
  std::uint64_t seed = 930;
  for (const Shape& shape : {Shape{1}, Shape{3}, Shape{0}, Shape{2, 3}, Shape{2, 3, 2}}) {
    const Tensor x = numbers(shape, -2, 2, ++seed);
    const Shape wide = concatenate(shape, Shape{shape.from_right(1)});
    cases.push_back({describe("", {x}),
                     {x},
                     [](std::span<const Tensor> in) { return diag_embed(in[0]); },
                     wide,
                     over(wide, [&](Position p) {
                       const Index j = p.back();
                       p.pop_back();
                       return p.back() == j ? at(x, p) : 0;
                     })});
  }
  return cases;
}

// Two vectors.
template <class F, class G>
std::vector<Case> vector_cases(const std::vector<std::pair<Index, Index>>& lengths, F f,
                               bool is_scalar, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 940;
  for (const auto& [n, m] : lengths) {
    const Tensor a = numbers({n}, -2, 2, ++seed);
    const Tensor b = numbers({m}, -2, 2, ++seed);
    const Shape shape = is_scalar ? Shape{} : Shape{n, m};
    cases.push_back({describe("", {a, b}),
                     {a, b},
                     [f](std::span<const Tensor> in) { return f(in[0], in[1]); },
                     shape,
                     over(shape, [&](const Position& p) { return reference(a, b, p); })});
  }
  return cases;
}

inline double dot_reference(const Tensor& a, const Tensor& b, const Position&) {
  double total_of_products = 0;
  for (Index i = 0; i < a.numel(); ++i) total_of_products += at(a, {i}) * at(b, {i});
  return total_of_products;
}

inline std::vector<Case> squeeze_cases() {
  std::vector<Case> cases;
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, Index>>{
           {{1}, 0}, {{2, 1}, -1}, {{1, 3}, 0}, {{2, 1, 0}, 1}, {{2, 1, 3, 2}, 1}}) {
    const Tensor x = numbers(shape, -2, 2, 950);
    cases.push_back({describe("", {x}),
                     {x},
                     [axis = axis](std::span<const Tensor> in) { return squeeze(in[0], axis); },
                     shape.without(normalize_axis(axis, shape, "test")),
                     Numbers(x.data().begin(), x.data().end())});
  }
  return cases;
}

inline std::vector<Case> unsqueeze_cases() {
  struct New {
    Shape shape;
    Index axis;
    Shape wide;
  };
  std::vector<Case> cases;
  for (const New& n : std::vector<New>{{{}, 0, {1}},
                                       {{}, -1, {1}},
                                       {{3}, 0, {1, 3}},
                                       {{3}, 1, {3, 1}},
                                       {{3}, -2, {1, 3}},
                                       {{2, 3}, -1, {2, 3, 1}},
                                       {{2, 0}, 1, {2, 1, 0}},
                                       {{2, 3, 2}, -2, {2, 3, 1, 2}}}) {
    const Tensor x = numbers(n.shape, -2, 2, 951);
    cases.push_back({describe("", {x}) + " axis " + std::to_string(n.axis),
                     {x},
                     [n](std::span<const Tensor> in) { return unsqueeze(in[0], n.axis); },
                     n.wide,
                     Numbers(x.data().begin(), x.data().end())});
  }
  return cases;
}

inline double squares_around_mean(const Numbers& v) {
  const double mean_of_v = total(v) / static_cast<double>(v.size());
  double sum_of_squares = 0;
  for (double x : v) sum_of_squares += (x - mean_of_v) * (x - mean_of_v);
  return sum_of_squares;
}

// Of the groups of `reduction_cases` those of more than one element.
template <class G>
std::vector<Case> spread_cases(const Reduction& f, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 960;
  for (const auto& [shape, axes] :
       std::vector<std::pair<Shape, std::vector<Index>>>{{{5}, {}},
                                                         {{2, 3}, {}},
                                                         {{2, 3}, {0}},
                                                         {{2, 3}, {-1}},
                                                         {{2, 3, 2}, {1}},
                                                         {{2, 3, 2}, {0, -1}},
                                                         {{2, 1, 3, 2}, {2}},
                                                         {{3, 0}, {0}},
                                                         {{0, 2}, {1}}}) {
    for (bool keepdim : {false, true}) {
      const Reduced reduced = reduced_shapes(shape, axes);
      const Tensor x = numbers(shape, -2, 2, ++seed);
      Numbers expected;
      for (const Numbers& group : groups(x, reduced.kept)) expected.push_back(reference(group));
      cases.push_back({describe(keepdim ? "kept" : "", {x}),
                       {x},
                       [f, axes = axes, keepdim](std::span<const Tensor> in) {
                         return f(in[0], axes_of(axes), keepdim);
                       },
                       keepdim ? reduced.kept : reduced.gone,
                       std::move(expected)});
    }
  }
  return cases;
}

inline Numbers in_order(Numbers row) {
  std::sort(row.begin(), row.end());
  return row;
}

inline std::vector<Case> quantile_cases() {
  std::vector<Case> cases;
  std::uint64_t seed = 980;
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, Index>>{
           {{5}, 0}, {{1}, 0}, {{2, 3}, 0}, {{2, 3}, -1}, {{2, 3, 2}, 1}, {{0, 2}, 1}}) {
    for (double q : {0.0, 0.25, 0.3, 0.5, 1.0}) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      const Reduced reduced = reduced_shapes(shape, {axis});
      Numbers expected;
      for (const Numbers& group : groups(x, reduced.kept)) {
        const Numbers sorted = in_order(group);
        const double place = q * static_cast<double>(sorted.size() - 1);
        const auto below = static_cast<std::size_t>(place);
        const double above = sorted[std::min(below + 1, sorted.size() - 1)];
        expected.push_back(sorted[below] +
                           (place - static_cast<double>(below)) * (above - sorted[below]));
      }
      cases.push_back({describe("q " + std::to_string(q), {x}),
                       {x},
                       [axis = axis, q](std::span<const Tensor> in) {
                         return quantile(in[0], static_cast<Real>(q), axis);
                       },
                       reduced.gone,
                       std::move(expected)});
    }
  }
  return cases;
}

inline std::vector<Composed> composed_operators() {
  return {
      {"tril", triangle_cases(tril, [](Index i, Index j, Index k) { return j <= i + k; })},
      {"triu", triangle_cases(triu, [](Index i, Index j, Index k) { return j >= i + k; })},
      {"diag_embed", diag_embed_cases()},
      {"dot", vector_cases({{1, 1}, {3, 3}, {0, 0}, {17, 17}}, dot, true, dot_reference)},
      {"outer", vector_cases({{1, 1}, {3, 2}, {0, 2}, {1, 4}}, outer, false,
                             [](const Tensor& a, const Tensor& b, const Position& p) {
                               return at(a, {p[0]}) * at(b, {p[1]});
                             })},
      {"squeeze", squeeze_cases()},
      {"unsqueeze", unsqueeze_cases()},
      {"log_sigmoid",
       unary_cases(kAround, log_sigmoid, [](double x) { return -std::log1p(std::exp(-x)); })},
      {"var", spread_cases([](const Tensor& x, const Axes& axes,
                              bool keepdim) { return var(x, axes, keepdim); },
                           [](const Numbers& v) {
                             return squares_around_mean(v) / static_cast<double>(v.size() - 1);
                           })},
      {"stddev", spread_cases([](const Tensor& x, const Axes& axes,
                                 bool keepdim) { return stddev(x, axes, keepdim, 0); },
                              [](const Numbers& v) {
                                return std::sqrt(squares_around_mean(v) /
                                                 static_cast<double>(v.size()));
                              })},
      {"norm", reduction_cases(norm, true,
                               [](const Numbers& v) {
                                 double squares = 0;
                                 for (double x : v) squares += x * x;
                                 return std::sqrt(squares);
                               })},
      {"sort", row_cases([](const Tensor& x, Index axis) { return sort(x, axis); },
                         [](const Numbers& row, std::size_t i) { return in_order(row)[i]; })},
      {"sort, descending",
       row_cases(
           [](const Tensor& x, Index axis) { return sort(x, axis, true); },
           [](const Numbers& row, std::size_t i) { return in_order(row)[row.size() - 1 - i]; })},
      {"quantile", quantile_cases()},
  };
}

}  // namespace ember::testing
