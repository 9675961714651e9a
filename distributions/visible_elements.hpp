// A family of the visible elements alone, in the order in which they stand: what a density asks of
// inputs that wait, or have values at some coordinates only.
#pragma once

#include <optional>

#include <ember/distributions/density.hpp>
#include <ember/distributions/family.hpp>

namespace ember::distributions {

/// Densities of what is visible, made of inputs at its places.
class VisibleElements {
 public:
  /// Nothing where the inputs are better read where they stand. `row_inputs` as in Kernel.
  static std::optional<VisibleElements> of(const Family& family, unsigned row_inputs,
                                           const Tensor& value, const Shape& elements,
                                           const Mask& visible, bool total) {
    if (!visible.bytes()) return {};
    return of_some(family, row_inputs, value, elements, visible, total);
  }

  /// The places of the visible elements where x waits and is better read there alone; else null.
  static detail::PlacesPtr places(const Tensor& x, const Mask& visible);

  /// The sum of the log densities.
  Tensor log_prob_sum() const;
  /// The log density as a tensor over all elements, with 0 where hidden, that has coordinates.
  Tensor log_prob() const;

 private:
  static std::optional<VisibleElements> of_some(const Family& family, unsigned row_inputs,
                                                const Tensor& value, const Shape& elements,
                                                const Mask& visible, bool total);
  VisibleElements(const Family& family, unsigned row_inputs, const Tensor& value,
                  const Shape& elements, const Mask& visible);

  Shape elements_, shape_;
  detail::PlacesPtr at_;
  Tensor value_;
  Distribution distribution_;
};

}  // namespace ember::distributions
