// Between Eigen and ember: copies in, views out.
#pragma once

#include <Eigen/Core>

#include <ember/core/error.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

/// A copy of what an Eigen expression of real numbers evaluates to: of rank 1 for what Eigen knows
/// to be a vector, else of rank 2. An integer that Real cannot hold exactly is an error.
template <class Derived>
Tensor from_eigen(const Eigen::EigenBase<Derived>& expression) {
  using Scalar = typename Derived::Scalar;
  const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> values(
      expression.derived());
  const std::span<const Scalar> numbers(values.data(), static_cast<std::size_t>(values.size()));
  if constexpr (Derived::RowsAtCompileTime == 1 || Derived::ColsAtCompileTime == 1) {
    return tensor(numbers);
  } else {
    return tensor(numbers, {values.rows(), values.cols()});
  }
}

namespace detail {

/// What Tensor::matrix() and Tensor::array() are made of.
struct EigenViews {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Array = Eigen::Array<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  static Eigen::Map<const Matrix> matrix(const Tensor& x) { return view<Matrix>(x, "matrix"); }
  static Eigen::Map<const Array> array(const Tensor& x) { return view<Array>(x, "array"); }

 private:
  template <class Plain>
  static Eigen::Map<const Plain> view(const Tensor& x, const char* who) {
    if (x.dim() > 2) {
      fail(who, "a tensor of shape " + to_string(x.shape()) + " is no matrix",
           "reshape it to two axes, or take a part of it");
    }
    const Index columns = x.dim() == 2 ? x.shape()[1] : 1;
    return {x.data().data(), x.dim() == 0 ? 1 : x.shape()[0], columns};
  }
};

}  // namespace detail
}  // namespace ember
