// Eigen's views of row-major numbers: for source files of the library alone, which see Eigen under
// a name of their own.
#pragma once

#include <Eigen/Core>

#include <ember/core/pool.hpp>
#include <ember/core/real.hpp>

namespace ember::detail {

using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;
using MutableView = Eigen::Map<Matrix>;

/// A matrix of zeros in pooled memory, for work that is done at every step.
class Scratch {
 public:
  Scratch(Index rows, Index columns)
      : numbers_(static_cast<std::size_t>(rows * columns)), view_(numbers_.data(), rows, columns) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  MutableView& operator*() { return view_; }
  MutableView* operator->() { return &view_; }

 private:
  PooledVector<Real> numbers_;
  MutableView view_;
};

}  // namespace ember::detail
