// How a quantile moves with a shape parameter: what makes draws of Gamma, Beta and StudentT
// differentiable. At a fixed probability F(x; a) the quantile x satisfies dx/da = -(dF/da) / p(x)
// (Figurnov et al., Implicit reparameterization gradients, 2018).
#pragma once

namespace ember::special {

/// dx / da of the quantile x of Gamma(a, 1), a > 0, x > 0. Accurate to about 1e-9, relative.
double gamma_quantile_slope(double a, double x);

/// dx / da of the quantile x of Beta(a, b), with y = 1 - x. By symmetry
/// dx / db = -beta_quantile_slope(b, a, y, x).
double beta_quantile_slope(double a, double b, double x, double y);

/// dt / d df of the quantile t of StudentT(df), df > 0, t finite.
double student_t_quantile_slope(double df, double t);

}  // namespace ember::special
