// Draws that are differentiable in a shape parameter: the derivative of a quantile against finite
// differences of Boost.Math's quantiles in long double, and of expectations against quadrature.
#include <ember/core/quantile_slope.hpp>

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/quadrature/exp_sinh.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <cmath>
#include <functional>

#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
using Wide = long double;

namespace {

// f'(at), by central differences of fourth order.
Wide slope_of(const std::function<Wide(Wide)>& f, Wide at) {
  const Wide h = 1e-4L * at;
  return (8 * (f(at + h) - f(at - h)) - (f(at + 2 * h) - f(at - 2 * h))) / (12 * h);
}

}  // namespace

TEST_CASE("quantiles of Gamma move with the concentration as they should") {
  for (const double a : {0.05, 0.2, 0.5, 1.0, 1.7, 3.9, 4.1, 10.0, 100.0, 1e3, 1e4}) {
    for (const Wide u : {1e-8L, 1e-3L, 0.05L, 0.3L, 0.5L, 0.7L, 0.95L, 0.999L, 1 - 1e-8L}) {
      const auto quantile = [=](Wide at) { return boost::math::gamma_p_inv(at, u); };
      const auto x = static_cast<double>(quantile(a));
      // far down the quantile is a multiple of u^(1 / a): there differences have few digits
      const double loose = a < 1 ? 1e-5 : 1e-8;
      const double ratio =
          static_cast<double>(special::gamma_quantile_slope(a, x) / slope_of(quantile, a));
      INFO(a << " " << static_cast<double>(u));
      CHECK(ratio == Approx(1).epsilon(loose));
    }
  }
}

TEST_CASE("quantiles of Beta move with both concentrations as they should") {
  for (const double a : {0.05, 0.5, 1.0, 3.9, 4.1, 30.0, 1e4}) {
    for (const double b : {0.05, 0.7, 2.0, 50.0, 1e4}) {
      for (const Wide u : {1e-6L, 0.05L, 0.5L, 0.9L, 1 - 1e-6L}) {
        const auto quantile = [=](Wide p, Wide q) { return boost::math::ibeta_inv(p, q, u); };
        Wide y = 0;
        const auto x = static_cast<double>(boost::math::ibeta_inv(Wide{a}, Wide{b}, u, &y));
        const Wide by_a = slope_of([=](Wide p) { return quantile(p, b); }, a);
        const Wide by_b = slope_of([=](Wide q) { return quantile(a, q); }, b);
        // where the quantile is nearly 1, its differences have no digits
        if (y < 1e-9L) continue;
        const double loose = a < 1 || b < 1 ? 1e-5 : 1e-6;
        const double above = static_cast<double>(y);
        INFO(a << " " << b << " " << static_cast<double>(u));
        CHECK(static_cast<double>(special::beta_quantile_slope(a, b, x, above) / by_a) ==
              Approx(1).epsilon(loose));
        CHECK(static_cast<double>(-special::beta_quantile_slope(b, a, above, x) / by_b) ==
              Approx(1).epsilon(loose));
      }
    }
  }
}

TEST_CASE("gradients of draws are those of quantiles") {
  // x = F^-1(F(x; theta); theta'): the fixed probability is that of the draw itself.
  const auto check = [](const Tensor& theta,
                        const std::function<dist::Distribution(const Tensor&)>& make,
                        const std::function<Wide(Wide, Wide)>& cdf,
                        const std::function<Wide(Wide, Wide)>& quantile) {
    const auto draws = [&](std::span<const Tensor> in) {
      set_rng_seed(3);
      return sum(make(in[0]).sample());
    };
    const Real slope = value_and_grad(draws, {theta}).grads[0].item();
    set_rng_seed(3);
    const Wide x = make(theta).sample().item();
    const Wide at = theta.item();
    const Wide u = cdf(at, x);
    CHECK(slope == Approx(static_cast<double>(slope_of([&](Wide t) { return quantile(t, u); }, at)))
                       .epsilon(1e-5));
  };
  namespace bm = boost::math;
  for (const double a : {0.4, 2.0, 50.0}) {
    check(
        a, [](const Tensor& t) { return dist::Gamma(t, 2); },
        [](Wide t, Wide x) { return bm::gamma_p(t, 2 * x); },
        [](Wide t, Wide u) { return bm::gamma_p_inv(t, u) / 2; });
    check(
        3.0 * a, [=](const Tensor& t) { return dist::Gamma(a, t); },
        [=](Wide t, Wide x) { return bm::gamma_p(Wide{a}, t * x); },
        [=](Wide t, Wide u) { return bm::gamma_p_inv(Wide{a}, u) / t; });
    check(
        a, [](const Tensor& t) { return dist::Beta(t, 2); },
        [](Wide t, Wide x) { return bm::ibeta(t, Wide{2}, x); },
        [](Wide t, Wide u) { return bm::ibeta_inv(t, Wide{2}, u); });
    check(
        a, [](const Tensor& t) { return dist::Beta(2, t); },
        [](Wide t, Wide x) { return bm::ibeta(Wide{2}, t, x); },
        [](Wide t, Wide u) { return bm::ibeta_inv(Wide{2}, t, u); });
  }
}

TEST_CASE("gradients of expectations under StudentT are unbiased") {
  const Index n = 200'000;
  const Real df = 5, loc = Real(0.3), scale = Real(1.4);
  struct Case {
    std::function<Tensor(const Tensor&)> f;
    std::function<double(double)> plain;
  };
  const Case cases[] = {
      {[](const Tensor& x) { return tanh(x); }, [](double x) { return std::tanh(x); }},
      {[](const Tensor& x) { return exp(-square(x)); }, [](double x) { return std::exp(-x * x); }},
      {[](const Tensor& x) { return log1p(square(x)); },
       [](double x) { return std::log1p(x * x); }},
  };
  for (const Case& c : cases) {
    const auto expectation = [&](double v, double m, double s) {
      boost::math::quadrature::tanh_sinh<double> integrate;
      const boost::math::students_t t(v);
      return integrate.integrate(
          [&](double z) { return boost::math::pdf(t, z) * c.plain(m + s * z); },
          -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());
    };
    // one gradient a draw, so that their spread is known
    const auto total = [&](std::span<const Tensor> in) {
      set_rng_seed(9);
      return sum(c.f(dist::StudentT(in[0], in[1], in[2]).sample()));
    };
    const std::vector<Tensor> at{full({n}, df), full({n}, loc), full({n}, scale)};
    const auto grads = value_and_grad(total, at).grads;
    const double h = 1e-4;
    const double exact[] = {
        (expectation(df + h, loc, scale) - expectation(df - h, loc, scale)) / (2 * h),
        (expectation(df, loc + h, scale) - expectation(df, loc - h, scale)) / (2 * h),
        (expectation(df, loc, scale + h) - expectation(df, loc, scale - h)) / (2 * h)};
    for (std::size_t k = 0; k < 3; ++k) {
      double sum = 0, squares = 0;
      for (Real g : grads[k].data()) {
        sum += g;
        squares += g * g;
      }
      const double average = sum / n;
      const double error = std::sqrt((squares / n - average * average) / n);
      INFO(k);
      CHECK(error < 0.01);
      CHECK(std::abs(average - exact[k]) < 4 * error);
    }
  }
}

TEST_CASE("gradients of hidden draws are 0, and what they hide does not leak") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Mask mask = mask_of({true, false, true});
  const auto check = [&](const std::function<dist::Distribution(const Tensor&)>& make) {
    const auto f = [&](std::span<const Tensor> in) {
      set_rng_seed(5);
      return sum(square(make(in[0]).mask(mask).sample()));
    };
    for (const Real hidden : {nan, Real(-1), Real(0), std::numeric_limits<Real>::infinity()}) {
      const auto [value, grads] = value_and_grad(f, {tensor({Real(1.5), hidden, Real(2.5)})});
      CHECK(std::isfinite(value));
      CHECK(grads[0].at({0}) != 0);
      CHECK(grads[0].at({1}) == 0);
      CHECK_FALSE(std::signbit(grads[0].at({1})));
      CHECK(std::isfinite(grads[0].at({2})));
    }
  };
  check([](const Tensor& t) { return dist::Gamma(t, 1); });
  check([](const Tensor& t) { return dist::Gamma(2, t); });
  check([](const Tensor& t) { return dist::Beta(t, 2); });
  check([](const Tensor& t) { return dist::Beta(2, t); });
  check([](const Tensor& t) { return dist::StudentT(t); });
  check([](const Tensor& t) { return dist::StudentT(2, t); });
  check([](const Tensor& t) { return dist::Laplace(0, t); });
  check([](const Tensor& t) { return dist::Cauchy(0, t); });
  check([](const Tensor& t) { return dist::Uniform(-5, t); });
  check([](const Tensor& t) { return dist::Exponential(t); });
}
