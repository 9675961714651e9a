// Between Eigen and ember: copies in, views out.
#pragma once

#include <Eigen/Core>
#include <ember/core/tensor.hpp>

namespace ember {

using RowMajorMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A copy, of rank 2 (rank 1 for what Eigen knows to be a vector).
template <class Derived>
Tensor from_eigen(const Eigen::DenseBase<Derived>& matrix) {
  const RowMajorMatrix values = matrix.derived().template cast<Real>();
  const std::vector<Real> copy(values.data(), values.data() + values.size());
  if constexpr (Derived::IsVectorAtCompileTime) return tensor(copy);
  return tensor(copy, {matrix.rows(), matrix.cols()});
}

}  // namespace ember
