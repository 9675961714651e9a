// Dirichlet: marginals, moments and pathwise gradients of its draws.
#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace bm = boost::math;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
using Point = std::vector<double>;

// E[f(x)] where the first number is Beta(a0, n - a0), the next a Beta share of what is left, ..
double expectation(const Point& a, const std::function<double(const Point&)>& f, Point x = {}) {
  if (x.size() + 1 == a.size()) {
    double left = 1;
    for (double v : x) left -= v;
    x.push_back(left);
    return f(x);
  }
  double rest = 0, left = 1;
  for (std::size_t k = x.size() + 1; k < a.size(); ++k) rest += a[k];
  for (double v : x) left -= v;
  const double own = a[x.size()];
  const double log_norm = std::lgamma(own + rest) - std::lgamma(own) - std::lgamma(rest);
  thread_local bm::quadrature::tanh_sinh<double> rule(8);
  // the second argument is the distance to the nearer end, exact where the first has rounded
  const auto integrand = [&](double v, double distance) {
    const double w = distance > 0 ? distance : 1 - v;
    const double u = distance < 0 ? -distance : v;
    const double density = std::exp(log_norm + (own - 1) * std::log(u) + (rest - 1) * std::log(w));
    Point y = x;
    y.push_back(left * u);
    return density * expectation(a, f, y);
  };
  return rule.integrate(integrand, 0.0, 1.0, 1e-9);
}

void check_pathwise(const Point& a, const std::function<double(const Point&)>& f,
                    const std::function<Tensor(const Tensor&)>& tensor_f) {
  constexpr int kBatches = 40;
  const Tensor at = tensor(a);
  std::vector<Point> slopes;
  for (int b = 0; b < kBatches; ++b) {
    const auto estimate = [&](std::span<const Tensor> in) {
      return mean(tensor_f(dist::Dirichlet(in[0]).sample({4000})));
    };
    const Tensor grad = value_and_grad(estimate, {at}).grads[0];
    slopes.emplace_back(grad.data().begin(), grad.data().end());
  }
  for (std::size_t k = 0; k < a.size(); ++k) {
    Point up = a, down = a;
    up[k] += 1e-3;
    down[k] -= 1e-3;
    const double exact = (expectation(up, f) - expectation(down, f)) / 2e-3;
    double average = 0, squares = 0;
    for (const Point& s : slopes) average += s[k] / kBatches;
    for (const Point& s : slopes) squares += (s[k] - average) * (s[k] - average);
    const double error = std::sqrt(squares / (kBatches - 1) / kBatches);
    INFO("concentration " << k << ": " << average << " +- " << error << ", exactly " << exact);
    CHECK(error < 0.1 * std::abs(exact) + 0.01);  // else the test says nothing
    CHECK(std::abs(average - exact) < 4 * error + 1e-5);
  }
}

}  // namespace

TEST_CASE("a Dirichlet's marginals are Beta, its moments those of the closed forms") {
  set_rng_seed(61);
  const Index n = 100'000;
  for (const Point& a : {Point{0.3, 2.5, 1.2}, Point{4, 0.8}, Point{40, 3, 0.5, 7}}) {
    const dist::Dirichlet d(tensor(a));
    const Tensor x = d.sample({n});
    CHECK(constraints::simplex.check(x).is_all());
    double total = 0;
    for (double v : a) total += v;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const Tensor column = select(x, -1, static_cast<Index>(k));
      std::vector<double> values(column.data().begin(), column.data().end());
      std::sort(values.begin(), values.end());
      double largest = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const double p = bm::cdf(bm::beta_distribution<>(a[k], total - a[k]), values[i]);
        largest =
            std::max({largest, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
      }
      CHECK(std::sqrt(static_cast<double>(n)) * largest < 1.95);
      const auto at = static_cast<Index>(k);
      CHECK(d.mean().at({at}) == Approx(a[k] / total));
      for (std::size_t j = 0; j < k; ++j) {
        const Tensor other = select(x, -1, static_cast<Index>(j));
        const double product = a[k] * a[j] / (total * (total + 1));
        const Tensor xy = column * other;
        const double spread = std::sqrt(mean(square(xy)).item() / static_cast<double>(n));
        CHECK(std::abs(mean(xy).item() - product) < 4 * spread);
      }
    }
  }
}

TEST_CASE("pathwise gradients of a Dirichlet's draws against quadrature") {
  set_rng_seed(62);
  for (const Point& a : {Point{0.7, 1.6}, Point{0.8, 1.5, 2.5}}) {
    check_pathwise(
        a, [](const Point& x) { return x[0] * x[0] + 2 * x[1]; },
        [](const Tensor& x) { return square(select(x, -1, 0)) + 2 * select(x, -1, 1); });
    check_pathwise(
        a, [](const Point& x) { return std::log(x[0] + 0.1) * x[1]; },
        [](const Tensor& x) { return log(select(x, -1, 0) + 0.1) * select(x, -1, 1); });
    check_pathwise(
        a, [](const Point& x) { return std::exp(3 * (x[1] - x[0])); },
        [](const Tensor& x) { return exp(3 * (select(x, -1, 1) - select(x, -1, 0))); });
  }
}

TEST_CASE("draws of tiny and huge concentrations stay inside, with finite gradients") {
  set_rng_seed(63);
  for (const Tensor& a :
       {tensor({1e-3, 2e-3, 1e-3}), tensor({1e6, 2e6, 3.0}), tensor({1e-4, 50.0, 1.0})}) {
    const auto f = [](std::span<const Tensor> in) {
      const dist::Dirichlet d(in[0]);
      const Tensor x = d.sample({200});
      CHECK(constraints::simplex.check(x).is_all());
      CHECK((x > 0).is_all());
      CHECK(isfinite(d.log_prob(x)).is_all());
      return sum(square(x));
    };
    CHECK(isfinite(value_and_grad(f, {a}).grads[0]).is_all());
  }
}

TEST_CASE("masks count a Dirichlet's vectors; errors name the coordinate's row") {
  const Tensor a = tensor({{1.0, 2.0}, {kNaN, -1.0}});
  const Mask mask = mask_of({true, false});
  const dist::Distribution d = dist::Dirichlet(a).mask(mask);
  CHECK(d.log_prob(tensor({{0.25, 0.75}, {3.0, kNaN}})).at({1}) == 0);
  CHECK(d.sample().at({1, 0}) == Real(0.5));
  CHECK(has(error_of([&] { dist::Dirichlet(a).sample(); }),
            "concentration[1, 0] = nan must be positive"));
  CHECK(has(error_of([&] {
              dist::Dirichlet(tensor({1, 2})).log_prob(tensor({0.5, 0.6}));
            }),
            "sum to 1"));
  CHECK(has(error_of([&] {
              dist::Dirichlet(tensor({1, 2})).log_prob(tensor({0.2, 0.2, 0.6}));
            }),
            "(3,)"));
  CHECK(has(error_of([&] {
              dist::Dirichlet(tensor({1.0})).log_prob(tensor({0.4, 0.6}));
            }),
            "(2,)"));
  CHECK(has(error_of([] { dist::Dirichlet(zeros({2, 0})); }), "no numbers"));
  CHECK(has(error_of([] { dist::Dirichlet(1.0); }), "concentration"));
}

TEST_CASE("SVI through a Dirichlet finds its conjugate posterior's mean") {
  param_store().clear();
  set_rng_seed(64);
  const Tensor y = tensor({0, 1, 1, 2, 1, 1, 0, 2, 1, 1, 1, 0});
  const auto model = [&] {
    const Tensor p = sample("p", dist::Dirichlet(tensor({1, 1, 1})));
    plate n("n", 12);
    sample("y", dist::Categorical({.probs = p}), {.obs = y});
  };
  const auto guide = [] {
    sample("p", dist::Dirichlet(param("a", ones({3}), constraints::positive, {.event_dim = 1})));
  };
  inference::SVI svi(model, guide,
                     inference::ClippedAdam({.lr = 0.05, .lrd = std::pow(0.01, 1.0 / 1500)}),
                     inference::TraceELBO({.num_particles = 4}));
  svi.run(1500, {});
  const Tensor a = param_store().get("a");
  const Tensor exact = tensor({4, 8, 3});
  for (Index k = 0; k < 3; ++k) CHECK(a.at({k}) == Approx(exact.at({k})).epsilon(0.1));
}
