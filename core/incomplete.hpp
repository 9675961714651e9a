// The regularised incomplete gamma and beta functions (Boost.Math, expansions where a and b are
// large) and their inverses, one at a time: the distribution functions and quantiles of Gamma, Beta
// and StudentT, Poisson and Binomial. NaN where an argument is not allowed.
#pragma once

namespace ember::special {

/// P(a, x), the distribution function of Gamma(a, 1), a > 0, x >= 0, and Q = 1 - P.
double gamma_p(double a, double x);
double gamma_q(double a, double x);
/// x of P(a, x) = p.
double gamma_quantile(double a, double p);

/// I_x(a, b), the distribution function of Beta(a, b), a > 0, b > 0, with y = 1 - x: the smaller
/// of the two is the one that counts.
double beta_p(double a, double b, double x, double y);
/// x of I_x(a, b) = p.
double beta_quantile(double a, double b, double p);

/// The distribution function of StudentT(df), df > 0, and its inverse.
double student_t_cdf(double df, double t);
double student_t_quantile(double df, double p);

}  // namespace ember::special
