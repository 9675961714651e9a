// Inputs of the operators that change a shape or take elements out.
#pragma once

#include <ember/core/op.hpp>
#include <ember/core/pool.hpp>

#include "inputs_elementwise.hpp"

namespace ember::testing {

// One operand x; source(p) is the position of x that the result has at p.
template <class F, class G>
Case copying_case(const std::string& name, const Tensor& x, const Shape& shape, F f, G source) {
  return {describe(name, {x}) + " -> " + to_string(shape),
          {x},
          [f](std::span<const Tensor> in) { return f(in[0]); },
          shape,
          over(shape, [&](const Position& p) { return at(x, source(p)); })};
}

template <>
struct Inputs<detail::Op::reshape> {
  static std::vector<Case> cases() {
    const std::vector<std::pair<Shape, Shape>> pairs{
        {{}, {1}},         {{1}, {}},        {{6}, {2, 3}},          {{2, 3}, {3, 2}},
        {{2, 3, 2}, {12}}, {{0, 2}, {3, 0}}, {{2, 3}, {1, 2, 1, 3}}, {{1, 1}, {}}};
    std::vector<Case> cases;
    std::uint64_t seed = 500;
    for (const auto& [from, to] : pairs) {
      const Tensor x = numbers(from, -2, 2, ++seed);
      cases.push_back({describe("", {x}) + " -> " + to_string(to),
                       {x},
                       [to = to](std::span<const Tensor> in) { return reshape(in[0], to); },
                       to,
                       Numbers(x.data().begin(), x.data().end())});
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::expand> {
  static std::vector<Case> cases() {
    const std::vector<std::pair<Shape, Shape>> pairs{
        {{}, {4}},        {{3}, {2, 3}},      {{2, 1}, {2, 3}}, {{1, 3}, {2, 3}},
        {{1}, {2, 2, 2}}, {{1}, {0}},         {{2, 1}, {2, 0}}, {{2, 1, 3}, {4, 2, 2, 3}},
        {{}, {1, 1}},     {{2, 3}, {1, 2, 3}}};
    std::vector<Case> cases;
    std::uint64_t seed = 520;
    for (const auto& [from, to] : pairs) {
      const Tensor x = numbers(from, -2, 2, ++seed);
      cases.push_back(copying_case(
          "", x, to, [to = to](const Tensor& t) { return expand(t, to); },
          [](const Position& p) { return p; }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::transpose> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 540;
    for (const Shape& shape :
         {Shape{2, 3}, Shape{1, 4}, Shape{0, 3}, Shape{3, 2, 4}, Shape{2, 2, 3, 1}}) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      const std::size_t rank = shape.rank();
      Shape to = shape;
      std::swap(to[rank - 2], to[rank - 1]);
      cases.push_back(copying_case("", x, to, transpose, [rank](Position p) {
        std::swap(p[rank - 2], p[rank - 1]);
        return p;
      }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::permute> {
  static std::vector<Case> cases() {
    const std::vector<std::pair<Shape, std::vector<Index>>> orders{{{}, {}},
                                                                   {{3}, {0}},
                                                                   {{2, 3}, {1, 0}},
                                                                   {{2, 3}, {0, -1}},
                                                                   {{0, 3}, {1, 0}},
                                                                   {{2, 3, 4}, {2, 0, 1}},
                                                                   {{2, 3, 4}, {-1, 1, 0}},
                                                                   {{2, 1, 3, 2}, {3, 1, 0, 2}},
                                                                   {{1, 1}, {1, 0}}};
    std::vector<Case> cases;
    std::uint64_t seed = 640;
    for (const auto& [shape, axes] : orders) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      std::vector<std::size_t> from;
      Shape to;
      for (Index axis : axes) {
        from.push_back(normalize_axis(axis, shape, "test"));
        to.push_back(shape[from.back()]);
      }
      cases.push_back(copying_case(
          "", x, to, [axes = axes](const Tensor& t) { return permute(t, axes); },
          [from](const Position& p) {
            Position q(p.size());
            for (std::size_t k = 0; k < p.size(); ++k) q[from[k]] = p[k];
            return q;
          }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::slice> {
  static std::vector<Case> cases() {
    struct Part {
      Shape shape;
      Index axis, begin, end;
    };
    const std::vector<Part> parts{{{5}, 0, 1, 4},       {{5}, 0, 0, 5},          {{5}, 0, 2, 2},
                                  {{4, 3}, 0, 1, 3},    {{4, 3}, 1, 1, 2},       {{4, 3}, -1, 0, 2},
                                  {{2, 4, 3}, 1, 2, 4}, {{2, 2, 3, 2}, 2, 1, 3}, {{3, 0}, 0, 1, 2},
                                  {{1}, 0, 0, 1}};
    std::vector<Case> cases;
    std::uint64_t seed = 560;
    for (const Part& part : parts) {
      const Tensor x = numbers(part.shape, -2, 2, ++seed);
      const std::size_t a = normalize_axis(part.axis, part.shape, "test");
      cases.push_back(copying_case(
          "", x, part.shape.with(a, part.end - part.begin),
          [part](const Tensor& t) { return slice(t, part.axis, part.begin, part.end); },
          [&](Position p) {
            p[a] += part.begin;
            return p;
          }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::index_select> {
  static std::vector<Case> cases() {
    struct Choice {
      Shape shape;
      Index axis;
      std::vector<int> rows;
    };
    const std::vector<Choice> choices{{{5}, 0, {4, 0, 0, 2}}, {{4, 3}, 0, {3, 1}},
                                      {{4, 3}, 1, {2, 2, 0}}, {{2, 3, 2}, 1, {1, 0, 1, 2}},
                                      {{4, 3}, -1, {1}},      {{4, 3}, 0, {}},
                                      {{3, 0}, 0, {2, 1}},    {{2, 2, 2, 3}, 3, {2, 0}}};
    std::vector<Case> cases;
    std::uint64_t seed = 580;
    for (const Choice& choice : choices) {
      const Tensor x = numbers(choice.shape, -2, 2, ++seed);
      const std::size_t a = normalize_axis(choice.axis, choice.shape, "test");
      cases.push_back(copying_case(
          "", x, choice.shape.with(a, static_cast<Index>(choice.rows.size())),
          [choice](const Tensor& t) { return index_select(t, choice.axis, choice.rows); },
          [&](Position p) {
            p[a] = choice.rows[static_cast<std::size_t>(p[a])];
            return p;
          }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::gather> {
  static std::vector<Case> cases() {
    struct Choice {
      Shape shape;
      Index axis;
      Tensor index;
    };
    const std::vector<Choice> choices{{{5}, 0, tensor({4, 0, 0})},
                                      {{3, 2}, 0, tensor({{2, 0}, {1, 1}})},
                                      {{3, 2}, 1, tensor({{0}, {1}, {1}})},
                                      {{2, 3}, -1, tensor({{2, 2, 1, 0}, {0, 0, 0, 1}})},
                                      {{2, 3, 2}, 1, tensor({{{2, 0}}, {{1, 1}}})},
                                      {{3, 2}, 0, zeros({0, 2})}};
    std::vector<Case> cases;
    std::uint64_t seed = 600;
    for (const Choice& choice : choices) {
      const Tensor x = numbers(choice.shape, -2, 2, ++seed);
      const std::size_t a = normalize_axis(choice.axis, choice.shape, "test");
      cases.push_back(copying_case(
          "", x, choice.index.shape(),
          [choice](const Tensor& t) { return gather(t, choice.axis, choice.index); },
          [&](Position p) {
            p[a] = static_cast<Index>(at(choice.index, p));
            return p;
          }));
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::concatenate> {
  static std::vector<Case> cases() {
    struct Join {
      std::vector<Shape> shapes;
      Index axis;
    };
    const std::vector<Join> joins{{{{2}, {3}}, 0},
                                  {{{2, 3}, {1, 3}}, 0},
                                  {{{2, 3}, {2, 1}}, 1},
                                  {{{2, 1, 2}, {2, 3, 2}, {2, 2, 2}}, -2},
                                  {{{0}, {3}}, 0},
                                  {{{2, 0}, {2, 0}}, 0},
                                  {{{4}}, 0}};
    std::vector<Case> cases;
    std::uint64_t seed = 620;
    for (const Join& join : joins) {
      std::vector<Tensor> parts;
      for (const Shape& shape : join.shapes) parts.push_back(numbers(shape, -2, 2, ++seed));
      add(cases, parts, parts, join.axis);
    }
    const Tensor x = numbers({2, 2}, -2, 2, ++seed);
    add(cases, {x}, {x, x}, 1);
    return cases;
  }

 private:
  static void add(std::vector<Case>& cases, const std::vector<Tensor>& inputs,
                  const std::vector<Tensor>& parts, Index axis) {
    const std::size_t a = normalize_axis(axis, parts[0].shape(), "test");
    Index size = 0;
    for (const Tensor& part : parts) size += part.shape()[a];
    const Shape shape = parts[0].shape().with(a, size);
    Numbers expected = over(shape, [&](Position p) {
      std::size_t k = 0;
      for (; p[a] >= parts[k].shape()[a]; ++k) p[a] -= parts[k].shape()[a];
      return at(parts[k], p);
    });
    const std::size_t repeats = parts.size() / inputs.size();
    cases.push_back({describe("", inputs) + " axis " + std::to_string(axis), inputs,
                     [=](std::span<const Tensor> in) {
                       detail::PooledVector<Tensor> list;
                       for (std::size_t k = 0; k < repeats; ++k) {
                         list.insert(list.end(), in.begin(), in.end());
                       }
                       return concatenate(list, axis);
                     },
                     shape, std::move(expected)});
  }
};

}  // namespace ember::testing
