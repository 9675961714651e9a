// Distribution functions and quantiles, element by element and with their derivatives. A continuous
// family brings F, its inverse and how a quantile moves with the parameters; one of counts brings F
// with its derivatives, and where its numbers lie.
#pragma once

#include <ember/core/function_ref.hpp>
#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {

/// At x: the density p(x), and how the quantile that lies there moves with each of N parameters at
/// a fixed probability, dx / dtheta = -(dF / dtheta) / p(x).
template <std::size_t N>
struct Motion {
  double density;
  double by_parameter[N];
};

namespace cdf_forms {

template <class F, std::size_t N, bool Partials>
struct Cdf {
  template <class... Parameters>
  static Density<N> density(double x, Parameters... parameters) {
    Density<N> result{F::cdf(x, parameters...), {}};
    if constexpr (Partials) {
      const Motion<N - 1> at = F::motion(x, parameters...);
      result.partial[0] = at.density;
      for (std::size_t k = 1; k < N; ++k) {
        const double move = at.by_parameter[k - 1];
        result.partial[k] = move == 0 ? 0.0 : -at.density * move;  // the density may be infinite
      }
    }
    return result;
  }
};

template <class F, std::size_t N, bool Partials>
struct Quantile {
  template <class... Parameters>
  static Density<N> density(double p, Parameters... parameters) {
    Density<N> result{F::quantile(p, parameters...), {}};
    if constexpr (Partials) {
      const Motion<N - 1> at = F::motion(result.log_prob, parameters...);
      result.partial[0] = 1 / at.density;
      for (std::size_t k = 1; k < N; ++k) result.partial[k] = at.by_parameter[k - 1];
    }
    return result;
  }
};

}  // namespace cdf_forms

/// F(x) of the inputs x and parameters: F::cdf(x, parameter ..) and F::motion(x, parameter ..),
/// which gives a Motion<N - 1>.
template <class F, std::size_t N>
Tensor cdf_of(const std::array<Tensor, N>& inputs, const Shape& shape) {
  using namespace cdf_forms;
  return pointwise<Cdf<F, N, true>, N, Cdf<F, N, false>>(inputs, shape);
}

/// The x of F(x) = p of the inputs p and parameters: F::quantile(p, parameter ..) and F::motion.
template <class F, std::size_t N>
Tensor quantile_of(const std::array<Tensor, N>& inputs, const Shape& shape) {
  using namespace cdf_forms;
  return pointwise<Quantile<F, N, true>, N, Quantile<F, N, false>>(inputs, shape);
}

/// The distribution function of counts 0 .. last at any x: 0 below, 1 from `last` on, between
/// f(floor(x)), a Density<N>.
template <std::size_t N, class F>
Density<N> cdf_of_count(double x, double last, F f) {
  if (std::isnan(x)) return {x, {}};
  if (x < 0) return {0, {}};
  if (x >= last) return {1, {}};
  return f(std::floor(x));
}

/// Counts 0 .. last, which may be infinite, and about where they lie.
struct Counts {
  double mean, deviation, last;
};

/// The smallest k of them with cdf(k) >= p, sought from a normal number's quantile on. Both sides
/// are compared as Real, so that the quantile of cdf(k) is k. NaN where p is no probability or
/// cdf(0) is NaN.
double smallest_count(double p, const Counts& counts, FunctionRef<double(double)> cdf);

namespace cdf_forms {

template <class F, std::size_t N>
struct CountQuantile {
  template <class... Parameters>
  static Density<N> density(double p, Parameters... parameters) {
    const auto cdf = [=](double k) { return F::density(k, parameters...).log_prob; };
    return {smallest_count(p, F::counts(parameters...), cdf), {}};
  }
};

}  // namespace cdf_forms

/// The smallest count k with F(k) >= p of the inputs p and parameters, a constant: F::density(k,
/// parameter ..) and F::counts(parameter ..).
template <class F, std::size_t N>
Tensor count_quantile_of(const std::array<Tensor, N>& inputs, const Shape& shape) {
  std::array<Tensor, N> constants;
  for (std::size_t k = 0; k < N; ++k) constants[k] = detach(inputs[k]);
  return pointwise<cdf_forms::CountQuantile<F, N>, N>(constants, shape);
}

}  // namespace ember::distributions
