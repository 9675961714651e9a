// What the generic tests of the operators do not ask of linear algebra: errors, hidden members, and
// large matrices.
#include <ember/core/gradient.hpp>
#include <ember/core/linalg.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "operator_case.hpp"
#include "support.hpp"

using namespace ember;
using namespace ember::testing;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

Tensor covariances(const Shape& shape, std::uint64_t seed) {
  const Tensor a = numbers(shape, -1, 1, seed);
  return matmul(a, transpose(a)) + eye(shape.from_right(1));
}

bool is_small(const Tensor& x) { return all(abs(x) < 1e-10).is_all(); }

}  // namespace

TEST_CASE("a matrix that is not positive definite is an error that says which, and where") {
  const Tensor bad = tensor({{4, 1, 0}, {1, 0.25, 0}, {0, 0, 1}});
  const std::string alone = error_of([&] { cholesky(bad); });
  CAPTURE(alone);
  CHECK(alone.rfind("cholesky: shape (3, 3): ", 0) == 0);
  CHECK(has(alone, "leading minor of order 2"));
  CHECK(has(alone, "; "));
  CHECK_FALSE(has(alone, "batch member"));

  const Tensor good = eye(3);
  const Tensor batch = stack({stack({good, good}, 0), stack({bad, good}, 0)}, 0);
  const std::string member = error_of([&] { cholesky(batch); });
  CAPTURE(member);
  CHECK(has(member, "shape (2, 2, 3, 3), batch member (1, 0)"));

  // the smallest minor that fails, wherever it is
  for (Index order = 1; order <= 9; ++order) {
    const Tensor s = eye(9) - diag(to_tensor(arange(9) >= order - 1)) * 2;
    CHECK(has(error_of([&] { cholesky(s); }), ("order " + std::to_string(order)).c_str()));
  }
  CHECK(has(error_of([&] { cholesky(zeros({1, 1})); }), "order 1"));
}

TEST_CASE("a matrix that is not finite gives NaN, and hurts no other member") {
  const Tensor s = covariances({3, 3, 3}, 1);
  for (Real bad : {kNaN, kInfinity, -kInfinity}) {
    for (const Mask& where_bad :
         {mask_of({true, false, false, false, false, false, false, false, false}, {3, 3}),
          mask_of({false, false, true, false, false, false, false, false, false}, {3, 3})}) {
      const Mask here = mask_of({false, true, false}).reshape({3, 1, 1}) & where_bad;
      const Tensor l = cholesky(where(here, bad, s));
      CHECK(same_bits(l[0], cholesky(s)[0]));
      CHECK(same_bits(l[2], cholesky(s)[2]));
      CHECK(isnan(l[1]) ==
            mask_of({true, false, false, true, true, false, true, true, true}, {3, 3}));
      CHECK((triu(l[1], 1) == 0).is_all());
    }
  }
}

TEST_CASE("a hidden member may be what it likes once the identity stands in its place") {
  const Tensor s = covariances({3, 2, 2}, 2);
  const Mask kept = mask_of({true, false, true});
  const Tensor broken = where(kept.unsqueeze_right(2), s, -1);
  CHECK_THROWS_AS(cholesky(broken), Error);
  const auto total = [&](std::span<const Tensor> in) {
    const Tensor l = cholesky(where(kept.unsqueeze_right(2), in[0], eye(2)));
    return sum(where(kept, sum(log(diagonal(l)), -1), 0));
  };
  const ValueAndGrad result = value_and_grad(total, {broken});
  CHECK(same_bits(result.grads[0][1], zeros({2, 2})));
  CHECK(same_bits(result.grads[0], value_and_grad(total, {s}).grads[0]));
}

TEST_CASE("a factor's gradient is symmetric") {
  const auto f = [](std::span<const Tensor> in) {
    return sum(cholesky(in[0]) * numbers({2, 4, 4}, -1, 1, 4));
  };
  const Tensor gradient = value_and_grad(f, {covariances({2, 4, 4}, 3)}).grads[0];
  CHECK(same_bits(gradient, transpose(gradient)));
}

TEST_CASE("large matrices: factors multiply to the matrix, solutions solve") {
  const Tensor s = covariances({2, 90, 90}, 5);
  const Tensor l = cholesky(s);
  CHECK(is_small(matmul(l, transpose(l)) - s));
  const Tensor b = numbers({90, 70}, -1, 1, 6);
  CHECK(is_small(matmul(l, triangular_solve(l, b)) - b));
  CHECK(is_small(matmul(transpose(l), triangular_solve(l, b, {.transpose = true})) - b));
  const Tensor u = transpose(l);
  CHECK(is_small(matmul(u, triangular_solve(u, b, {.upper = true})) - b));
  CHECK(is_small(matmul(l, triangular_solve(u, b, {.upper = true, .transpose = true})) - b));
}

TEST_CASE("the other triangle is not read") {
  const Tensor full_matrix = numbers({4, 4}, 1, 2, 7);
  const Tensor b = numbers({4, 3}, -1, 1, 8);
  const Mask above = triu(ones({4, 4}), 1) > 0;
  const Tensor expected = triangular_solve(full_matrix, b);
  CHECK(same_bits(triangular_solve(where(above, kNaN, full_matrix), b), expected));
  const ValueAndGrad result =
      value_and_grad([&](std::span<const Tensor> in) { return sum(triangular_solve(in[0], b)); },
                     {where(above, kNaN, full_matrix)});
  CHECK(same_bits(triu(result.grads[0], 1), zeros({4, 4})));
  CHECK(isfinite(result.grads[0]).is_all());
}

TEST_CASE("a zero on the diagonal divides by zero") {
  const Tensor x = triangular_solve(tensor({{0, 0}, {1, 1}}), tensor({1, 1}));
  CHECK(std::isinf(x.at({0})));
}

TEST_CASE("a hidden column is not solved for, however far the others go") {
  // Column 1 is reached in row 0 alone; what stands below it, in b and in its own rows, is hidden.
  const Tensor a = numbers({3, 3}, 1, 2, 9);
  const Tensor b = numbers({3, 2}, -1, 1, 10);
  const Mask visible = mask_of({true, true, true, false, false, false}, {3, 2});
  const auto f = [&](std::span<const Tensor> in) {
    return sum(where(visible, triangular_solve(in[0], in[1]), 0));
  };
  const Tensor bad_a = where(mask_of({false, false, true}).reshape({3, 1}), kNaN, a);
  const Tensor bad_b = where(mask_of({false, false, false, true, true, true}, {3, 2}), kNaN, b);
  const ValueAndGrad expected = value_and_grad(f, {a, b});
  const ValueAndGrad result = value_and_grad(f, {bad_a, bad_b});
  CHECK(same_bits(result.grads[0], expected.grads[0]));
  CHECK(same_bits(result.grads[1], expected.grads[1]));
  CHECK(result.grads[0].at({1, 0}) != 0);
  CHECK(result.grads[1].at({1, 1}) == 0);
}

TEST_CASE("diag is diag_embed of a vector and diagonal of a matrix") {
  const Tensor v = tensor({1, 2, 3});
  CHECK(same_bits(diag(v), tensor({{1, 0, 0}, {0, 2, 0}, {0, 0, 3}})));
  CHECK(same_bits(diag(diag(v)), v));
  CHECK(has(error_of([] { diag(zeros({2, 3, 3})); }), "(2, 3, 3)"));
}

TEST_CASE("linear algebra names itself and the shapes in its errors") {
  const Tensor a = zeros({2, 3});
  CHECK(has(error_of([&] { cholesky(a); }), "cholesky: shape (2, 3)"));
  CHECK(has(error_of([&] { cholesky(1); }), "cholesky: shape ()"));
  CHECK(has(error_of([&] { triangular_solve(a, a); }), "triangular_solve: shapes (2, 3)"));
  CHECK(has(error_of([&] { triangular_solve(eye(2), zeros({3, 2})); }), "(2, 2) and (3, 2)"));
  CHECK(has(error_of([&] { triangular_solve(eye(2), 1); }), "(2, 2) and ()"));
  CHECK(has(error_of([&] {
              triangular_solve(zeros({2, 2, 2}), zeros({3, 2, 2}));
            }),
            "(2, 2, 2) and (3, 2, 2)"));
  CHECK(has(error_of([] { tril(zeros({3})); }), "tril: shape (3,)"));
  CHECK(has(error_of([] { triu(zeros({3})); }), "triu: shape (3,)"));
  CHECK(has(error_of([] { diagonal(zeros({3})); }), "diagonal: shape (3,)"));
  CHECK(has(error_of([] { diag_embed(1); }), "diag_embed: "));
  CHECK(has(error_of([] { diag(1); }), "diag: "));
}
