// Some elements of a matrix product, without the others.
#pragma once

#include <ember/core/owed.hpp>

namespace ember::detail {

/// For each i the inner products of row rows[i] of a with `row` neighbouring columns of b, those of
/// group columns[i] where the groups of all of b's members are numbered through; with row 1 of
/// shape (count,), else (count, row). Where b is transposed its columns lie as rows.
struct ProductRows {
  Index inner;  // numbers in a row of a
  Index width;  // columns of one member of b
  Index row;
  bool is_transposed;
};
Tensor matmul_rows(const Tensor& a, const Tensor& b, const ProductRows& product,
                   const PlacesPtr& rows, const PlacesPtr& columns);

}  // namespace ember::detail
