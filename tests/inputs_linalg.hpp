// Inputs of the operators of linear algebra.
#pragma once

#include <ember/core/linalg.hpp>
#include <ember/core/op.hpp>

#include "inputs_elementwise.hpp"
#include "inputs_selection.hpp"

namespace ember::testing {

// Matrices of a shape with a diagonal of 1.5 and more.
inline Tensor well_conditioned(const Shape& shape, std::uint64_t seed) {
  return numbers(shape, -0.5, 0.5, seed) + eye(shape.from_right(1)) * 2;
}

template <>
struct Inputs<detail::Op::cholesky> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 720;
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 3}, Shape{5, 5}, Shape{0, 0}, Shape{0, 2, 2},
                               Shape{4, 2, 2}, Shape{2, 3, 2, 2}, Shape{2, 1, 4, 4}}) {
      // Not symmetric: what is factored is the symmetric part.
      const Tensor s = well_conditioned(shape, ++seed);
      cases.push_back({describe("", {s}),
                       {s},
                       [](std::span<const Tensor> in) { return cholesky(in[0]); },
                       shape,
                       over(shape, [&](const Position& p) { return factor(s, p); })});
    }
    return cases;
  }

 private:
  // l_ij = (s_ij - sum over c < j of l_ic l_jc) / l_jj, the root of the same where i = j
  static double factor(const Tensor& s, const Position& p) {
    const Index i = p[p.size() - 2];
    const Index j = p.back();
    if (j > i) return 0;
    const auto with = [&](Index row, Index column) {
      Position q = p;
      q[q.size() - 2] = row;
      q.back() = column;
      return q;
    };
    double rest = (at(s, with(i, j)) + at(s, with(j, i))) / 2;
    for (Index c = 0; c < j; ++c) rest -= factor(s, with(i, c)) * factor(s, with(j, c));
    return i == j ? std::sqrt(rest) : rest / factor(s, with(j, j));
  }
};

template <>
struct Inputs<detail::Op::triangular_solve> {
  static std::vector<Case> cases() {
    const std::vector<std::pair<Shape, Shape>> pairs{
        {{1, 1}, {1, 1}},    {{3, 3}, {3, 2}},          {{3, 3}, {3}},          {{2, 2, 2}, {2, 3}},
        {{3, 3}, {2, 3, 1}}, {{2, 1, 2, 2}, {3, 2, 2}}, {{2, 3, 2, 2}, {2, 1}}, {{0, 0}, {0, 2}},
        {{2, 2}, {2, 0}},    {{0, 2, 2}, {2, 1}},       {{5, 5}, {5, 6}},       {{2, 3, 3}, {3}}};
    std::vector<Case> cases;
    std::uint64_t seed = 740;
    for (const TriangularSolveOptions& options :
         {TriangularSolveOptions{false, false}, TriangularSolveOptions{false, true},
          TriangularSolveOptions{true, false}, TriangularSolveOptions{true, true}}) {
      for (const auto& [left, right] : pairs) {
        const Tensor a = well_conditioned(left, ++seed);
        const Tensor b = numbers(right, -2, 2, ++seed);
        cases.push_back(solution(a, b, options));
      }
      const Tensor both = well_conditioned({3, 3}, ++seed);
      Case twice = solution(both, both, options);
      twice.name.append(" twice");
      twice.inputs = {both};
      twice.f = [options](std::span<const Tensor> in) {
        return triangular_solve(in[0], in[0], options);
      };
      cases.push_back(twice);
    }
    return cases;
  }

 private:
  // By substitution, one element at a time.
  static Case solution(const Tensor& a, const Tensor& b, const TriangularSolveOptions& options) {
    const Tensor columns = b.dim() == 1 ? b.reshape({b.numel(), 1}) : b;
    const Shape batch = broadcast_shapes(a.shape().first(a.shape().rank() - 2),
                                         columns.shape().first(columns.shape().rank() - 2), "test");
    const Index n = a.shape().from_right(1);
    const Shape wide = concatenate(batch, Shape{n, columns.shape().from_right(1)});
    const bool goes_down = options.upper == options.transpose;
    const std::function<double(const Position&)> element = [&](const Position& p) -> double {
      const Index i = p[p.size() - 2];
      const auto coefficient = [&](Index row, Index column) {
        Position q = p;
        q[q.size() - 2] = options.transpose ? column : row;
        q.back() = options.transpose ? row : column;
        return at(a, q);
      };
      double rest = at(columns, p);
      for (Index c = goes_down ? 0 : i + 1; c < (goes_down ? i : n); ++c) {
        Position q = p;
        q[q.size() - 2] = c;
        rest -= coefficient(i, c) * element(q);
      }
      return rest / coefficient(i, i);
    };
    const std::string how =
        std::string(options.upper ? "upper" : "lower") + (options.transpose ? " transposed" : "");
    return {
        describe(how, {a, b}),
        {a, b},
        [options](std::span<const Tensor> in) { return triangular_solve(in[0], in[1], options); },
        b.dim() == 1 ? wide.without(wide.rank() - 1) : wide,
        over(wide, element)};
  }
};

template <>
struct Inputs<detail::Op::diagonal> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 790;
    for (const Shape& shape : {Shape{3, 3}, Shape{2, 4}, Shape{4, 2}, Shape{1, 1}, Shape{0, 3},
                               Shape{2, 0, 0}, Shape{2, 3, 3}, Shape{2, 2, 3, 2}}) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      Shape to = shape.first(shape.rank() - 2);
      to.push_back(std::min(shape.from_right(1), shape.from_right(2)));
      cases.push_back(copying_case("", x, to, diagonal, [](Position p) {
        p.push_back(p.back());
        return p;
      }));
    }
    return cases;
  }
};

}  // namespace ember::testing
