// Densities written with tensor operators take the visible elements alone, one after another, and
// put their results back where they were.
#pragma once

#include <span>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::distributions {

/// The way to the visible elements and back.
class VisibleRows {
 public:
  VisibleRows(const Shape& elements, const Mask& visible);

  /// The shape of what take() gives, before an element's own axes: how many are visible, or all
  /// elements as they stand where nothing is hidden.
  const Shape& shape() const { return shape_; }
  /// The visible elements' rows of x, whose last event_dim axes belong to one element and whose
  /// others broadcast to the elements. What is the same for all elements stays one, where any is
  /// visible.
  Tensor take(const Tensor& x, std::size_t event_dim) const;
  /// A result for each taken element as one over all elements, 0 where hidden.
  Tensor put_back(const Tensor& result, std::size_t event_dim = 0) const;

 private:
  Shape elements_, shape_;
  bool is_all_;
  Mask visible_;  // keeps the positions
  std::span<const Index> positions_;
};

}  // namespace ember::distributions
