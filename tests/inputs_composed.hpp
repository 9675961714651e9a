// Inputs of the operators that are made of others: the generic tests run over them, too.
#pragma once

#include <ember/core/linalg.hpp>

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

inline std::vector<Composed> composed_operators() {
  return {
      {"tril", triangle_cases(tril, [](Index i, Index j, Index k) { return j <= i + k; })},
      {"triu", triangle_cases(triu, [](Index i, Index j, Index k) { return j >= i + k; })},
      {"diag_embed", diag_embed_cases()},
  };
}

}  // namespace ember::testing
