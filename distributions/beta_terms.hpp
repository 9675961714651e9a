// What the densities of Beta and Dirichlet are sums of, n the sum of the concentrations.
#pragma once

#include <ember/core/gamma_forms.hpp>

namespace ember::distributions::beta_terms {

/// log(n (n x)^(a - 1) exp(-n x) / Gamma(a))
EMBER_INLINE double side(double a, double x, double n, double log_x, double log_n) {
  const double at_zero = special::select(a > 1, -special::kInfinity,
                                         special::select(a < 1, special::kInfinity, log_n));
  const double inside = special::log_poisson(a, n * x, log_n + log_x) + special::log(a) - log_x;
  return special::select(x == 0, at_zero, inside);
}

/// Its derivative by x, without that of exp(-n x), which all sides share.
EMBER_INLINE double slope(double a, double x) { return special::select(a == 1, 0.0, (a - 1) / x); }

/// What is left: log p = sum of sides + rest(n).
EMBER_INLINE double rest(double n, double log_n) {
  return -special::log_poisson(n, n, log_n) - log_n;
}

}  // namespace ember::distributions::beta_terms
