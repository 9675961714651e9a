// The draw of a location-scale family and its log density, as one operator each.
#pragma once

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

/// loc + exp(log_scale) noise, for each element; all have one shape.
Tensor location_scale(const Tensor& loc, const Tensor& log_scale, const Tensor& noise);

/// A draw whose noise is from Normal(0, 1), and its log density. This stands on the tape right
/// behind the draw, though its value comes later, when it is known what is visible: so the reverse
/// pass meets it when all of the draw's adjoint is there, and log_scale takes both in one pass.
class GaussianDraw {
 public:
  GaussianDraw(const Tensor& loc, const Tensor& log_scale, const Tensor& noise);
  const Tensor& value() const { return value_; }
  /// sum(-(log(2 pi) + noise^2) / 2 - log_scale) over what a mask of the draw's shape shows.
  Tensor log_density(const Mask& visible) const;

 private:
  Tensor log_scale_, noise_, value_;
  Tensor density_;  // its place; undefined where no gradients are recorded
};

}  // namespace ember::detail
