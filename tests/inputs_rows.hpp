// Inputs of the operators that take some rows out of tensors: what values that wait are made of.
#pragma once

#include <memory>

#include <ember/core/matmul_rows.hpp>
#include <ember/core/op.hpp>
#include <ember/core/owed.hpp>

#include "inputs_elementwise.hpp"

namespace ember::testing {

inline detail::PlacesPtr places(const std::vector<Index>& at, Index bound) {
  return detail::Places::make({at.begin(), at.end()}, bound);
}

template <>
struct Inputs<detail::Op::take_rows> {
  static std::vector<Case> cases() {
    struct Call {
      Shape shape;
      std::vector<Index> at;
      Index row;
    };
    std::vector<Case> cases;
    std::uint64_t seed = 910;
    for (const auto& [shape, at, row] : {Call{{5}, {0, 3, 4}, 1},
                                         {{2, 3, 2}, {5, 1, 1}, 2},
                                         {{2, 3, 2}, {11, 0}, 1},
                                         {{4, 3}, {0, 1, 2, 3}, 3},
                                         {{2, 3}, {}, 3},
                                         {{0, 3}, {}, 3}}) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      const auto n = static_cast<Index>(at.size());
      const Shape result = row == 1 ? Shape{n} : Shape{n, row};
      const detail::PlacesPtr rows = places(at, x.numel() / row);
      cases.push_back({describe("row " + std::to_string(row), {x}),
                       {x},
                       [rows, row = row](std::span<const Tensor> in) {
                         return detail::take_rows(in[0], rows, row);
                       },
                       result,
                       over(result, [&, &at = at, row = row](const Position& p) {
                         const Index c = row == 1 ? 0 : p[1];
                         const Index i = at[static_cast<std::size_t>(p[0])] * row + c;
                         return x.data()[static_cast<std::size_t>(i)];
                       })});
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::matmul_rows> {
  static std::vector<Case> cases() {
    struct Call {
      Shape a, b;
      detail::ProductRows product;
      std::vector<Index> rows, columns;
    };
    std::vector<Case> cases;
    std::uint64_t seed = 920;
    for (const auto& [sa, sb, product, rows, columns] :
         {Call{{3, 4}, {4, 5}, {4, 5, 1, false}, {0, 2, 2, 1}, {4, 0, 3, 3}},
          {{3, 4}, {5, 4}, {4, 5, 1, true}, {0, 2, 2, 1}, {4, 0, 3, 3}},
          {{3, 2}, {2, 6}, {2, 6, 3, false}, {2, 0, 0}, {1, 0, 1}},
          {{3, 2}, {6, 2}, {2, 6, 3, true}, {2, 0, 0}, {1, 0, 1}},
          {{3, 2}, {2, 2, 4}, {2, 4, 2, false}, {1, 0, 2}, {0, 2, 3}},
          {{2, 17}, {17, 9}, {17, 9, 1, false}, {1}, {8}},
          {{2, 17}, {9, 17}, {17, 9, 1, true}, {1, 0}, {8, 8}},
          {{3, 4}, {4, 5}, {4, 5, 1, false}, {}, {}}}) {
      const Tensor a = numbers(sa, -2, 2, ++seed);
      const Tensor b = numbers(sb, -2, 2, ++seed);
      const auto n = static_cast<Index>(rows.size());
      const Shape result = product.row == 1 ? Shape{n} : Shape{n, product.row};
      const detail::PlacesPtr at_a = places(rows, a.numel() / product.inner);
      const detail::PlacesPtr at_b = places(columns, b.numel() / product.inner / product.row);
      cases.push_back({describe(product.is_transposed ? "transposed" : "", {a, b}),
                       {a, b},
                       [product = product, at_a, at_b](std::span<const Tensor> in) {
                         return detail::matmul_rows(in[0], in[1], product, at_a, at_b);
                       },
                       result,
                       over(result, [&, &product = product, &rows = rows,
                                     &columns = columns](const Position& p) {
                         const auto i = static_cast<std::size_t>(p[0]);
                         const Index j = columns[i] * product.row + (product.row == 1 ? 0 : p[1]);
                         double sum = 0;
                         for (Index k = 0; k < product.inner; ++k) {
                           const Index member = j / product.width;
                           const Index in_b = product.is_transposed
                                                  ? j * product.inner + k
                                                  : (member * product.inner + k) * product.width +
                                                        j % product.width;
                           sum += a.data()[static_cast<std::size_t>(rows[i] * product.inner + k)] *
                                  b.data()[static_cast<std::size_t>(in_b)];
                         }
                         return sum;
                       })});
    }
    return cases;
  }
};

template <>
struct Inputs<detail::Op::coordinates> {
  static std::vector<Case> cases() {
    std::vector<Case> cases;
    std::uint64_t seed = 950;
    for (const std::vector<Index>& at :
         {std::vector<Index>{0, 2, 5}, {1}, {0, 1, 2, 3, 4, 5}, {}}) {
      const Tensor values = numbers({at.size()}, -2, 2, ++seed);
      const Shape shape{2, 3};
      const detail::PlacesPtr where = places(at, 6);
      Numbers expected(6, 0.0);
      for (std::size_t i = 0; i < at.size(); ++i) {
        expected[static_cast<std::size_t>(at[i])] = values.data()[i];
      }
      cases.push_back({describe("", {values}),
                       {values},
                       [where, shape](std::span<const Tensor> in) {
                         return detail::new_coordinates(shape, {where, in[0], true});
                       },
                       shape,
                       std::move(expected)});
    }
    return cases;
  }
};

}  // namespace ember::testing
