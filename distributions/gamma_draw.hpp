// Draws made of gamma numbers, differentiable in their concentrations: the draw is a quantile at a
// fixed probability, and moves with the parameters as the quantile does (core/quantile_slope.hpp).
#pragma once

#include <ember/core/random.hpp>
#include <ember/core/tensor.hpp>

namespace ember::distributions {

/// log of a Gamma(concentration, 1) number, which need not be representable itself: Marsaglia and
/// Tsang (A simple method for generating gamma variables, 2000). 0 where the concentration is no
/// positive number.
double log_gamma_number(detail::ElementEngine& engine, double concentration);

/// Gamma(concentration, rate) numbers, at least the smallest positive normal one.
Tensor gamma_draw(detail::RandomKey key, const Shape& elements, const Tensor& concentration,
                  const Tensor& rate);

/// Beta(a, b) numbers, at least the smallest positive normal one and less than 1.
Tensor beta_draw(detail::RandomKey key, const Shape& elements, const Tensor& a, const Tensor& b);

/// Dirichlet(concentration) vectors along a new last axis, their numbers at least the smallest
/// positive normal one.
Tensor dirichlet_draw(detail::RandomKey key, const Shape& elements, const Tensor& concentration);

}  // namespace ember::distributions
