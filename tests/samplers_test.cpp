// Samplers against independent distribution functions (Boost.Math): moments, and goodness of fit of
// 1e5 draws under fixed seeds.
#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/cauchy.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/laplace.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace bm = boost::math;

namespace {

constexpr Index kDraws = 100'000;

std::vector<double> draw(const dist::Distribution& d) {
  const Tensor x = d.sample({kDraws});
  return {x.data().begin(), x.data().end()};
}

void check_moments(const std::vector<double>& x, double mean, double variance) {
  double sum = 0;
  for (double v : x) sum += v;
  const double m = sum / kDraws;
  double squares = 0, fourth = 0;
  for (double v : x) {
    squares += (v - m) * (v - m);
    fourth += std::pow(v - m, 4);
  }
  const double s2 = squares / kDraws;
  const double error_of_variance = std::sqrt((fourth / kDraws - s2 * s2) / kDraws);
  CHECK(std::abs(m - mean) < 4 * std::sqrt(variance / kDraws));
  CHECK(std::abs(s2 - variance) < 4 * error_of_variance);
}

// Kolmogorov and Smirnov: sqrt(n) D is below 1.95 with probability 0.999.
void check_ks(std::vector<double> x, const std::function<double(double)>& cdf) {
  std::sort(x.begin(), x.end());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    largest = std::max(
        {largest, p - static_cast<double>(i) / kDraws, static_cast<double>(i + 1) / kDraws - p});
  }
  CHECK(std::sqrt(static_cast<double>(kDraws)) * largest < 1.95);
}

// Pearson's chi-square over categories 0 .. probabilities.size() - 1, the last one with all beyond.
void check_chi_square(const std::vector<double>& x, const std::vector<double>& probabilities) {
  std::vector<double> counts(probabilities.size(), 0);
  for (double v : x) {
    REQUIRE(v == std::floor(v));
    REQUIRE(v >= 0);
    ++counts[std::min(static_cast<std::size_t>(v), counts.size() - 1)];
  }
  double statistic = 0;
  double degrees = -1;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const double expected = kDraws * probabilities[k];
    if (expected == 0) {
      CHECK(counts[k] == 0);
      continue;
    }
    statistic += (counts[k] - expected) * (counts[k] - expected) / expected;
    ++degrees;
  }
  if (degrees > 0) CHECK(statistic < bm::quantile(bm::chi_squared(degrees), 0.999));
}

}  // namespace

TEST_CASE("continuous families fit their distribution functions") {
  set_rng_seed(20);
  SECTION("Normal") {
    const auto x = draw(dist::Normal(1.5, 0.7));
    check_moments(x, 1.5, 0.49);
    check_ks(x, [](double v) { return bm::cdf(bm::normal(1.5, 0.7), v); });
  }
  SECTION("HalfNormal") {
    const auto x = draw(dist::HalfNormal(2));
    check_moments(x, 2 * std::sqrt(2 / M_PI), 4 * (1 - 2 / M_PI));
    check_ks(x, [](double v) { return 2 * bm::cdf(bm::normal(0, 2), v) - 1; });
  }
  SECTION("HalfCauchy") {
    check_ks(draw(dist::HalfCauchy(3)),
             [](double v) { return 2 * bm::cdf(bm::cauchy(0, 3), v) - 1; });
  }
  SECTION("LogNormal") {
    const auto x = draw(dist::LogNormal(0.2, 0.5));
    check_moments(x, std::exp(0.2 + 0.125), std::expm1(0.25) * std::exp(0.65));
    check_ks(x, [](double v) { return bm::cdf(bm::lognormal(0.2, 0.5), v); });
  }
  SECTION("Laplace") {
    const auto x = draw(dist::Laplace(0.3, 1.2));
    check_moments(x, 0.3, 2 * 1.44);
    check_ks(x, [](double v) { return bm::cdf(bm::laplace(0.3, 1.2), v); });
  }
  SECTION("Cauchy") {
    check_ks(draw(dist::Cauchy(0.3, 1.2)),
             [](double v) { return bm::cdf(bm::cauchy(0.3, 1.2), v); });
  }
  SECTION("Uniform") {
    const auto x = draw(dist::Uniform(-1, 3));
    check_moments(x, 1, 16.0 / 12);
    check_ks(x, [](double v) { return (v + 1) / 4; });
  }
  SECTION("Exponential") {
    const auto x = draw(dist::Exponential(2.5));
    check_moments(x, 0.4, 0.16);
    check_ks(x, [](double v) { return bm::cdf(bm::exponential(2.5), v); });
  }
  SECTION("Gamma") {
    for (const double a : {0.05, 0.7, 1.0, 4.2, 900.0}) {
      const auto x = draw(dist::Gamma(a, 2.5));
      check_moments(x, a / 2.5, a / 6.25);
      check_ks(x, [=](double v) { return bm::cdf(bm::gamma_distribution<>(a, 1 / 2.5), v); });
    }
    const auto tiny = draw(dist::Gamma(1e-3, 1));
    CHECK(*std::min_element(tiny.begin(), tiny.end()) == std::numeric_limits<double>::min());
  }
  SECTION("Beta") {
    for (const auto& [a, b] : {std::pair{0.05, 0.3}, {1.0, 3.0}, {4.2, 0.5}}) {
      const auto x = draw(dist::Beta(a, b));
      check_moments(x, a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1)));
      check_ks(x, [a = a, b = b](double v) { return bm::cdf(bm::beta_distribution<>(a, b), v); });
    }
    const auto ends = draw(dist::Beta(1e-3, 1e-3));
    CHECK(*std::min_element(ends.begin(), ends.end()) > 0);
    CHECK(*std::max_element(ends.begin(), ends.end()) < 1);
  }
  SECTION("StudentT") {
    for (const double df : {0.8, 3.0, 40.0}) {
      const auto x = draw(dist::StudentT(df, 0.5, 2));
      check_ks(x, [=](double v) { return bm::cdf(bm::students_t(df), (v - 0.5) / 2); });
      if (df > 4) check_moments(x, 0.5, 4 * df / (df - 2));
    }
  }
  SECTION("Transformed") {
    check_ks(
        draw(dist::Transformed(dist::Normal(0, 1),
                               {transforms::affine(1, -2), transforms::sigmoid()})),
        [](double v) { return 1 - bm::cdf(bm::normal(0, 1), (std::log(v / (1 - v)) - 1) / -2); });
  }
}

TEST_CASE("discrete families fit their probabilities") {
  set_rng_seed(21);
  SECTION("Bernoulli") {
    check_chi_square(draw(dist::Bernoulli({.probs = 0.3})), {0.7, 0.3});
    check_chi_square(draw(dist::Bernoulli({.logits = 1.2})),
                     {1 / (1 + std::exp(1.2)), 1 / (1 + std::exp(-1.2))});
  }
  SECTION("Poisson") {
    for (const double rate : {0.4, 3.7, 41.0}) {
      const auto x = draw(dist::Poisson(rate));
      check_moments(x, rate, rate);
      std::vector<double> p;
      double left = 1;
      for (int k = 0; left * kDraws > 20 && k < 200; ++k) {
        p.push_back(bm::pdf(bm::poisson(rate), k));
        left -= p.back();
      }
      p.push_back(std::max(left, 0.0));
      // rare counts at the low end join their neighbour
      std::vector<double> merged;
      std::size_t skip = 0;
      while (p[skip] * kDraws < 5) ++skip;
      std::vector<double> shifted(x);
      for (double& v : shifted) v = std::max(0.0, v - static_cast<double>(skip));
      double low = 0;
      for (std::size_t k = 0; k <= skip; ++k) low += p[k];
      merged.push_back(low);
      merged.insert(merged.end(), p.begin() + static_cast<std::ptrdiff_t>(skip) + 1, p.end());
      check_chi_square(shifted, merged);
    }
    const auto by_log = draw(dist::Poisson({.log_rate = std::log(2.5)}));
    check_moments(by_log, 2.5, 2.5);
  }
  SECTION("Binomial") {
    for (const auto& [n, p] :
         {std::pair{1, 0.3}, {7, 0.9}, {20, 0.5}, {12, 0.0}, {12, 1.0}, {0, 0.4}}) {
      std::vector<double> expected;
      for (int k = 0; k <= n; ++k) expected.push_back(bm::pdf(bm::binomial(n, p), k));
      check_chi_square(draw(dist::Binomial(n, {.probs = p})), expected);
    }
    check_moments(draw(dist::Binomial(1000, {.logits = -1.2})), 1000 / (1 + std::exp(1.2)),
                  1000 / (2 + std::exp(1.2) + std::exp(-1.2)));
    check_ks(draw(dist::Binomial(2'000'000'000, {.probs = 0.3})),
             [](double k) { return bm::cdf(bm::normal(6e8, std::sqrt(6e8 * 0.7)), k + 0.5); });
  }
  SECTION("Categorical") {
    check_chi_square(draw(dist::Categorical({.probs = tensor({1, 0, 3, 4})})),
                     {0.125, 0, 0.375, 0.5});
    check_chi_square(
        draw(dist::Categorical(
            {.logits = tensor({0.0, -std::numeric_limits<double>::infinity(), std::log(3.0)})})),
        {0.25, 0, 0.75});
  }
}

TEST_CASE("expanded draws are independent; shapes are sample, batch, event") {
  set_rng_seed(22);
  const dist::Distribution d = dist::Normal(zeros({2, 1}), 1).expand({2, 3}).to_event(1);
  const Tensor x = d.sample({4});
  CHECK(x.shape() == Shape{4, 2, 3});
  std::vector<Real> values(x.data().begin(), x.data().end());
  std::sort(values.begin(), values.end());
  CHECK(std::adjacent_find(values.begin(), values.end()) == values.end());
  CHECK(dist::Delta(tensor({1, 2}), 0.0, 1).expand({3}).sample().shape() == Shape{3, 2});
  CHECK(dist::Normal(0, 1).sample({0, 2}).shape() == Shape{0, 2});
}

TEST_CASE("hidden elements are a fixed value of the support, their parameters are not read") {
  set_rng_seed(23);
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Mask mask = mask_of({true, false});
  const auto check = [&](const dist::Distribution& bad) {
    const Tensor x = bad.mask(mask).sample();
    const Tensor again = bad.mask(mask).sample();
    INFO(bad.name());
    CHECK(bad.support().check(x).is_all());
    CHECK(x.at({1}) == again.at({1}));
  };
  check(dist::Normal(tensor({0.0, nan}), tensor({1.0, -1.0})));
  check(dist::HalfNormal(tensor({1.0, nan})));
  check(dist::HalfCauchy(tensor({1.0, -2.0})));
  check(dist::LogNormal(tensor({0.0, nan}), 1));
  check(dist::Bernoulli({.probs = tensor({0.5, 7.0})}));
  check(dist::Poisson(tensor({2.0, nan})));
  check(dist::Laplace(tensor({0.0, nan}), tensor({1.0, -1.0})));
  check(dist::Cauchy(tensor({0.0, nan}), 1));
  check(dist::StudentT(tensor({2.0, nan}), tensor({1.0, nan})));
  check(dist::Exponential(tensor({2.0, nan})));
  check(dist::Gamma(tensor({2.0, nan}), tensor({2.0, -1.0})));
  check(dist::Beta(tensor({2.0, nan}), tensor({2.0, -1.0})));
  check(dist::Binomial(tensor({9.0, 9.0}), {.probs = tensor({0.2, nan})}));
  check(dist::Uniform(tensor({3.0, 3.0}), 5));
  const Tensor bad = dist::Uniform(tensor({3.0, nan}), 5).mask(mask).sample();
  CHECK(std::isfinite(bad.at({1})));
  check(dist::Categorical({.logits = tensor({{0.0, 1.0}, {nan, nan}})}));
  check(dist::Delta(tensor({2.0, nan})));
}

TEST_CASE("draws are differentiable in the parameters") {
  const auto slope = [](const std::function<dist::Distribution(const Tensor&)>& make, Real at) {
    const auto f = [&](const Tensor& p) {
      set_rng_seed(24);
      return sum(square(make(p).sample({50})));
    };
    const Real exact =
        value_and_grad([&](std::span<const Tensor> in) { return f(in[0]); }, {at}).grads[0].item();
    const Real step = Real(1e-5);
    const Real numeric = (f(at + step).item() - f(at - step).item()) / (2 * step);
    CHECK(exact == Approx(numeric).epsilon(1e-6));
  };
  slope([](const Tensor& p) { return dist::Normal(p, 0.5); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Normal(1, p); }, Real(0.7));
  slope([](const Tensor& p) { return dist::HalfNormal(p); }, Real(0.7));
  slope([](const Tensor& p) { return dist::HalfCauchy(p); }, Real(0.7));
  slope([](const Tensor& p) { return dist::LogNormal(p, 0.5); }, Real(0.3));
  slope([](const Tensor& p) { return dist::LogNormal(0.1, p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Delta(p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Laplace(p, 0.5); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Laplace(1, p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Cauchy(p, 0.5); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Cauchy(1, p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Uniform(p, 2); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Uniform(-1, p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Exponential(p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::Gamma(2.5, p); }, Real(0.3));
  slope([](const Tensor& p) { return dist::StudentT(2.5, p, 2); }, Real(0.3));
  slope([](const Tensor& p) { return dist::StudentT(2.5, 1, p); }, Real(0.3));
  slope(
      [](const Tensor& p) {
        return dist::Transformed(dist::Normal(p, 1), {transforms::sigmoid()});
      },
      Real(0.3));
}

TEST_CASE("counts that no Index holds are drawn, and have their moments") {
  set_rng_seed(29);
  const auto check_moments = [](const dist::Distribution& d, double mean, double variance) {
    constexpr Index n = 4000;
    const Tensor z = (d.sample({n}) - mean) / std::sqrt(variance);
    CHECK(std::abs(ember::mean(z).item()) < 4 / std::sqrt(n));
    CHECK(ember::mean(square(z)).item() == Approx(1).margin(4 * std::sqrt(2.0 / n)));
    CHECK(d.support().check(d.sample({9})).is_all());
  };
  check_moments(dist::Poisson({.rate = 1e19}), 1e19, 1e19);
  check_moments(dist::Poisson({.rate = 1e25}), 1e25, 1e25);
  check_moments(dist::Binomial({.total_count = 1e19, .probs = 0.5}), 5e18, 2.5e18);
  check_moments(dist::Binomial({.total_count = 1e19, .probs = 0.75}), 7.5e18, 0.1875e19);
  check_moments(dist::Binomial({.total_count = 1e19, .probs = 4e-19}), 4, 4);
  const Tensor counts =
      dist::Poisson({.rate = tensor({3.0, 1e19})}).mask(mask_of({true, false})).sample();
  CHECK(counts.at({1}) == 0);
}
