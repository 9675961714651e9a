// What the generic tests of the operators do not ask of the matrix product.
#include <ember/core/gradient.hpp>

#include <cmath>

#include "catch.hpp"
#include "operator_case.hpp"

using namespace ember;
using namespace ember::testing;

TEST_CASE("a visible NaN in a product stays in the rows and columns that see it") {
  // Column 1 of b is NaN and counts in row 2 alone: the other rows are reached, too, but not there.
  const Tensor a = numbers({3, 2}, -1, 1, 1);
  const Tensor b =
      where(mask_of({false, true, false, false}), std::nan(""), numbers({2, 4}, -1, 1, 2));
  const std::vector<Mask> masks{
      mask_of({true, false, true, true, true, false, true, true, true, true, true, true}, {3, 4}),
      mask_of({true, false, false, false, false, false, false, true, false, true, false, false},
              {3, 4})};
  for (const Mask& mask : masks) {
    INFO(to_string(mask));
    const auto f = [&](std::span<const Tensor> in) {
      return sum(where(mask, matmul(in[0], in[1]), 0));
    };
    const ValueAndGrad result = value_and_grad(f, {a, b});
    const Mask visible = !isnan(b);
    for (Index i = 0; i < 3; ++i) {
      for (Index c = 0; c < 2; ++c) {
        double expected = 0;
        for (Index j = 0; j < 4; ++j) expected += mask.at({i, j}) ? b.at({c, j}) : 0;
        INFO("a, row " << i);
        if (i == 2) {
          CHECK(std::isnan(result.grads[0].at({i, c})));
        } else {
          CHECK(result.grads[0].at({i, c}) == Approx(expected));
        }
      }
    }
    CHECK(isfinite(result.grads[1]).is_all());
  }
}

TEST_CASE("a product's gradient under any mask is that of plain loops") {
  const Index n = 40;
  const Index k = 7;
  const Index m = 30;
  const Tensor a = numbers({n, k}, -1, 1, 3);
  const Tensor b = numbers({k, m}, -1, 1, 4);
  const Tensor weight = numbers({n, m}, -1, 1, 5);
  const Tensor dice = numbers({n, m}, 0, 1, 6);
  const Mask corner = (reshape(arange(n), {n, 1}) < 9) & (arange(m) > 20);
  for (const Mask& mask : {dice < 0.005, dice < 0.1, dice < 0.6, dice < 0.99, corner,
                           corner & (dice < 0.1), corner & (dice < 0.9)}) {
    INFO(to_string(mask));
    const ValueAndGrad result = value_and_grad(
        [&](std::span<const Tensor> in) {
          return sum(where(mask, matmul(in[0], in[1]) * weight, 0));
        },
        {a, b});
    Numbers to_a(static_cast<std::size_t>(n * k), 0);
    Numbers to_b(static_cast<std::size_t>(k * m), 0);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < m; ++j) {
        if (!mask.at({i, j})) continue;
        const Real w = weight.at({i, j});
        for (Index c = 0; c < k; ++c) {
          to_a[static_cast<std::size_t>(i * k + c)] += static_cast<double>(w * b.at({c, j}));
          to_b[static_cast<std::size_t>(c * m + j)] += static_cast<double>(w * a.at({i, c}));
        }
      }
    }
    for (std::size_t i = 0; i < to_a.size(); ++i) {
      CHECK(result.grads[0].data()[i] == Approx(to_a[i]).margin(1e-12));
    }
    for (std::size_t i = 0; i < to_b.size(); ++i) {
      CHECK(result.grads[1].data()[i] == Approx(to_b[i]).margin(1e-12));
    }
  }
}

TEST_CASE("large products agree with plain loops") {
  const Tensor a = numbers({3, 65, 130}, -1, 1, 7);
  const Tensor b = numbers({130, 71}, -1, 1, 8);
  const Tensor product = matmul(a, b);
  for (Index i : {0, 1, 64}) {
    for (Index j : {0, 33, 70}) {
      double expected = 0;
      for (Index c = 0; c < 130; ++c) expected += a.at({2, i, c}) * b.at({c, j});
      CHECK(product.at({2, i, j}) == Approx(expected));
    }
  }
}
