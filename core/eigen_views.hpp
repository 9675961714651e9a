// Eigen's views of row-major numbers: for source files of the library alone, which see Eigen under
// a name of their own.
#pragma once

#include <Eigen/Core>

#include <ember/core/real.hpp>

namespace ember::detail {

using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;
using MutableView = Eigen::Map<Matrix>;

}  // namespace ember::detail
