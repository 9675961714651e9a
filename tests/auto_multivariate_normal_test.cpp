// AutoMultivariateNormal: posteriors with correlations, across sites; what masks do.
#include <cmath>
#include <limits>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

template <class Guide>
Tensor covariance(const Guide& guide) {
  const Tensor l = guide.state().scale_tril();
  return matmul(l, transpose(l));
}

template <class Model, class Guide>
void fit(const Model& model, const Guide& guide, Index steps) {
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05, .schedule = infer::cosine(steps)}),
                 infer::TraceELBO({.num_particles = 8}));
  svi.run(steps, {});
}

constexpr Real kX[] = {1, 2, 3, 4, 5};
constexpr Real kY[] = {1.2, 1.9, 3.2, 3.8, 5.1};

}  // namespace

TEST_CASE("linear regression: mean and covariance of the posterior, of two sites together") {
  begin(1);
  const auto model = [] {
    const Tensor a = sample("a", dist::Normal(0, 2));
    const Tensor hidden = [] {
      with nowhere(h::mask(false));  // between the two: nobody reads it
      return sample("hidden", dist::Normal(0, kNaN));
    }();
    const Tensor b = sample("b", dist::Normal(0, 1).expand({1}).to_event(1));
    plate rows("rows", 5);
    sample("y", dist::Normal(a + b * tensor(kX), 0.5), {.obs = tensor(kY)});
  };
  infer::AutoMultivariateNormal guide(
      model, {.init = infer::init_to_value({{"a", 0.3}, {"hidden", 0.7}, {"b", tensor({0.1})}})});
  fit(model, guide, 3000);
  // precision [[1/4 + n/s2, sum x/s2], [sum x/s2, 1 + sum xx/s2]], s2 = 1/4
  Real p[3] = {0.25, 0, 1}, m[2] = {0, 0};
  for (int i = 0; i < 5; ++i) {
    p[0] += 4;
    p[1] += 4 * kX[i];
    p[2] += 4 * kX[i] * kX[i];
    m[0] += 4 * kY[i];
    m[1] += 4 * kY[i] * kX[i];
  }
  const Real det = p[0] * p[2] - p[1] * p[1];
  CHECK(guide.median()["a"].item() == Approx((p[2] * m[0] - p[1] * m[1]) / det).margin(0.03));
  CHECK(guide.median()["b"].item() == Approx((p[0] * m[1] - p[1] * m[0]) / det).margin(0.005));
  const Tensor c = covariance(guide);
  CHECK(c.at({0, 0}) == Approx(p[2] / det).epsilon(0.05));
  CHECK(c.at({2, 0}) == Approx(-p[1] / det).epsilon(0.05));
  CHECK(c.at({2, 2}) == Approx(p[0] / det).epsilon(0.05));
  // What is hidden is as it was, bit for bit, and correlates with nothing.
  CHECK(guide.state().loc().at({1}) == Real(0.7));
  CHECK(param_store().get("AutoMultivariateNormal.scale").at({1}) == Approx(0.1).epsilon(1e-12));
  const Tensor lower = param_store().get("AutoMultivariateNormal.lower");
  for (const auto& [i, j] : {std::pair{1, 0}, {1, 1}, {2, 1}, {0, 2}}) {
    CHECK(lower.at({i, j}) == 0);
  }
  const Tensor q = guide.quantiles({0.025, 0.975})["a"];
  CHECK(q.at({1}) - q.at({0}) == Approx(2 * 1.959964 * std::sqrt(c.at({0, 0}))));
  // Draws of the guide as a program have that covariance.
  const Values draws = infer::Predictive(guide, {.num_samples = 4000})();
  const Tensor a = draws.at("a") - mean(draws.at("a"));
  const Tensor b = draws.at("b").reshape({4000}) - mean(draws.at("b"));
  CHECK(mean(a * b).item() == Approx(c.at({2, 0})).epsilon(0.08));
}

TEST_CASE("logistic regression: moments by quadrature") {
  begin(2);
  const Tensor x = tensor({-2.0, -1.5, -1, -0.5, 0, 0.3, 0.6, 1, 1.5, 2, 2.5, 3});
  const Tensor y = tensor({0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1});
  const auto model = [&] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    const Tensor b = sample("b", dist::Normal(0, 1));
    plate rows("rows", 12);
    sample("y", dist::Bernoulli({.logits = a + b * x}), {.obs = y});
  };
  infer::AutoMultivariateNormal guide(model);
  fit(model, guide, 3000);
  double total = 0, first[2] = {0, 0}, second[3] = {0, 0, 0};
  for (double a = -5; a <= 5; a += 0.05) {
    for (double b = -5; b <= 5; b += 0.05) {
      double log_p = -0.5 * (a * a + b * b);
      for (Index i = 0; i < 12; ++i) {
        const double eta = a + b * static_cast<double>(x.at({i}));
        log_p -= std::log1p(std::exp(y.at({i}) == 1 ? -eta : eta));
      }
      const double p = std::exp(log_p);
      total += p;
      first[0] += p * a;
      first[1] += p * b;
      second[0] += p * a * a;
      second[1] += p * a * b;
      second[2] += p * b * b;
    }
  }
  const double mean_a = first[0] / total, mean_b = first[1] / total;
  const Tensor loc = guide.state().loc(), c = covariance(guide);
  CHECK(static_cast<double>(loc.at({0})) == Approx(mean_a).margin(0.03));
  CHECK(static_cast<double>(loc.at({1})) == Approx(mean_b).margin(0.03));
  CHECK(static_cast<double>(c.at({0, 0})) ==
        Approx(second[0] / total - mean_a * mean_a).epsilon(0.1));
  CHECK(static_cast<double>(c.at({1, 1})) ==
        Approx(second[2] / total - mean_b * mean_b).epsilon(0.1));
  CHECK(static_cast<double>(c.at({1, 0})) ==
        Approx(second[1] / total - mean_a * mean_b).margin(0.03));
}

TEST_CASE("constrained sites, and partially observed ones") {
  begin(3);
  const Tensor y = tensor({1.0, kNaN, 2.0});
  const auto model = [&] {
    const Tensor s = sample("s", dist::LogNormal(0, 0.5));
    plate rows("rows", 3);
    sample("y", dist::Normal(1, s), {.obs = y, .obs_mask = !isnan(y)});
  };
  infer::AutoMultivariateNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
  svi.run(200, {});
  CHECK(guide.median()["s"].item() > 0);
  CHECK(guide.state().loc().numel() == 4);
  for (const Index hidden : {1, 3}) {  // y_unobserved where y is seen
    CHECK(param_store().get("AutoMultivariateNormal.scale").at({hidden}) ==
          Approx(0.1).epsilon(1e-12));
  }
  CHECK(param_store().get("AutoMultivariateNormal.scale").at({2}) > Real(0.11));
}

TEST_CASE("a subsampled plate is an error with a remedy; so is a site that comes late") {
  begin(4);
  const auto local = [] {
    plate rows("rows", 4, {.subsample_size = 2});
    sample("z", dist::Normal(0, 1));
  };
  infer::AutoMultivariateNormal guide(local);
  const std::string text = error_of([&] { guide.set_up(); });
  CHECK(has(text, "'z'"));
  CHECK(has(text, "AutoNormal"));
  begin(4);
  int calls = 0;
  const auto growing = [&] {
    sample("a", dist::Normal(0, 1));
    if (++calls > 1) sample("late", dist::Normal(0, 1));
  };
  infer::AutoMultivariateNormal late(growing);
  infer::SVI svi(growing, late, infer::Adam());
  CHECK(has(error_of([&] { svi.step(); }), "'late'"));
}

TEST_CASE("draws in parallel have the moments of draws one by one") {
  begin(7);
  const Tensor x = tensor({0.5, -1.0, 2.0, 0.1});
  const auto model = [&] {
    sample("rate", dist::Gamma(2, 1));
    const Tensor w = sample("w", dist::Normal(zeros({2}), 1).to_event(1));
    const plate rows("rows", 4);
    sample("z", dist::Normal(select(w, -1, 0), 1).mask(x > 0));
  };
  const infer::AutoMultivariateNormal guide(model);
  guide.set_up();
  const Index n = 7;
  const Tensor l = where(tril(ones({n, n}), -1) > 0, 0.8 * cos(arange(n * n).reshape({n, n})), 0);
  param_store().set("AutoMultivariateNormal.lower", l);
  param_store().set("AutoMultivariateNormal.scale", 0.2 + 0.1 * arange(n), constraints::positive);
  const Index draws = 20'000;
  const Values apart = infer::Predictive(guide, {.num_samples = draws})();
  const Values together = infer::Predictive(guide, {.num_samples = draws, .parallel = true})();
  const auto joint = [&](const Values& values) {
    return concatenate({log(values.at("rate")).reshape({draws, 1}),
                        values.at("w").reshape({draws, 2}), values.at("z").reshape({draws, 4})},
                       -1);
  };
  const auto moments = [&](const Values& values) {
    const Tensor u = joint(values);
    const Tensor centered = u - mean(u, 0);
    return std::pair{mean(u, 0), matmul(transpose(centered), centered) / Real(draws)};
  };
  const auto [mean_apart, covariance_apart] = moments(apart);
  const auto [mean_together, covariance_together] = moments(together);
  const Tensor deviation = sqrt(diagonal(covariance_apart));
  const Tensor scale = deviation.reshape({n, 1}) * deviation;
  CHECK((abs(mean_apart - mean_together) < 0.05 * deviation).is_all());
  CHECK((abs(covariance_apart - covariance_together) < 0.05 * scale).is_all());
  CHECK((abs(covariance_together) > 0.2 * scale).count() > n);  // they are correlated
  // what is hidden must be the same in all draws
  begin(8);
  const infer::AutoMultivariateNormal by_draw([] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    sample("b", dist::Normal(0, 1).mask(a > 0));
  });
  by_draw.set_up();
  CHECK(has(error_of([&] { infer::Predictive(by_draw, {.num_samples = 60, .parallel = true})(); }),
            "parallel"));
}
