// SVI on models whose posterior is known, and on mistakes.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

void begin(std::uint64_t seed) {
  param_store().clear();
  set_rng_seed(seed);
}

Tensor scale_of(const char* site) {
  return param_store().get(Name("AutoNormal.scales." + std::string(site)));
}

// Falls a hundredfold, so that the last steps average the noise of the gradient away.
infer::ClippedAdam decaying(double lr, Index steps) {
  return infer::ClippedAdam({.lr = lr, .lrd = std::pow(0.01, 1.0 / static_cast<double>(steps))});
}

// mu ~ Normal(1, 2), y_i ~ Normal(mu, 1.5): posterior of precision 1/4 + n / 2.25.
struct NormalMean {
  Real sum = 0;
  int count = 0;
  Real precision() const { return Real(0.25) + static_cast<Real>(count) / Real(2.25); }
  Real mean() const { return (Real(0.25) + sum / Real(2.25)) / precision(); }
};

}  // namespace

TEST_CASE("AutoNormal finds the posterior of a Normal mean; masked data do not count") {
  begin(3);
  const Tensor y = tensor({1.0, kNaN, 2.5, 0.5, kInfinity, 3.0});
  const Mask seen = mask_of({true, false, true, true, false, true});
  const auto model = [&](const Tensor& data) {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", data.numel());
    with inside(h::mask(seen));
    sample("y", dist::Normal(mu, 1.5), {.obs = data});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 3000), infer::TraceELBO({.num_particles = 4}));
  const infer::Fit fit = svi.run(3000, {}, y);
  const NormalMean exact{7, 4};
  CHECK(fit.losses.size() == 3000);
  CHECK(guide.median()["mu"].item() == Approx(exact.mean()).margin(0.01));
  CHECK(scale_of("mu").item() == Approx(1 / std::sqrt(exact.precision())).epsilon(0.02));
  const Tensor quantiles = guide.quantiles({0.025, 0.5})["mu"];
  CHECK(quantiles.at({0}) == Approx(quantiles.at({1}) - 1.959964 * scale_of("mu").item()));
}

TEST_CASE("subsampled data give the same posterior") {
  begin(4);
  std::vector<Real> values;
  for (int i = 0; i < 40; ++i) values.push_back(Real(0.1) * static_cast<Real>(i % 7) + 1);
  const Tensor y = tensor(values);
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(1, 2));
    plate p("p", 40, {.subsample_size = 10});
    sample("y", dist::Normal(mu, 1.5), {.obs = p.subsample(y)});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 2}));
  svi.run(4000, {});
  const NormalMean exact{sum(y).item(), 40};
  CHECK(guide.median()["mu"].item() == Approx(exact.mean()).margin(0.02));
  CHECK(scale_of("mu").item() == Approx(1 / std::sqrt(exact.precision())).epsilon(0.05));
}

TEST_CASE("linear regression: the mean-field optimum has precisions of the posterior's diagonal") {
  begin(5);
  const Tensor x = tensor({{1.0, 0.5}, {-0.5, 1.0}, {2.0, 1.5}, {0.0, -1.0}, {-1.5, 0.5}});
  const Tensor y = tensor({1.0, 0.2, 2.9, -0.8, -0.4});
  const auto model = [&] {
    const Tensor w = sample("w", dist::Normal(0, 1).expand({2}).to_event(1));
    plate rows("rows", 5);
    sample("y", dist::Normal(matmul(x, w), 0.5), {.obs = y});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 4}));
  svi.run(4000, {});
  // precision P = I + X'X / 0.25, mean P^-1 X'y / 0.25
  Real p[2][2] = {{1, 0}, {0, 1}};
  Real b[2] = {0, 0};
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < 2; ++j) {
      b[j] += x.at({i, j}) * y.at({i}) * 4;
      for (Index k = 0; k < 2; ++k) p[j][k] += x.at({i, j}) * x.at({i, k}) * 4;
    }
  }
  const Real det = p[0][0] * p[1][1] - p[0][1] * p[1][0];
  const Tensor w = guide.median()["w"];
  CHECK(w.at({0}) == Approx((p[1][1] * b[0] - p[0][1] * b[1]) / det).margin(0.01));
  CHECK(w.at({1}) == Approx((p[0][0] * b[1] - p[1][0] * b[0]) / det).margin(0.01));
  CHECK(scale_of("w").at({0}) == Approx(1 / std::sqrt(p[0][0])).epsilon(0.03));
  CHECK(scale_of("w").at({1}) == Approx(1 / std::sqrt(p[1][1])).epsilon(0.03));
}

TEST_CASE("the ELBO and its gradient are unbiased: masked, scaled, subsampled") {
  begin(6);
  const Tensor y = tensor({0.5, kNaN, 2.0, -1.0});
  const Mask seen = mask_of({true, false, true, true});
  param("loc", 0.4);
  param("scale", 0.7, constraints::positive);
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 4, {.subsample_size = 2});
    with inside(h::scale(0.5), h::mask(p.subsample(seen)));
    sample("y", dist::Normal(mu, 1), {.obs = p.subsample(y)});
  };
  const auto guide = [] {
    sample("mu", dist::Normal(param("loc"), param("scale", 1.0, constraints::positive)));
  };
  // E[log p] + entropy, with m = loc, s = scale: -(m^2 + s^2) / 2 + 0.5 sum_i [..] + log s + ..
  const Real m = Real(0.4), s = Real(0.7), c = Real(0.918938533204672742);
  Real expected = -Real(0.5) * (m * m + s * s) - c + std::log(s) + Real(0.5) + c;
  Real gradient = -m;
  for (const Real v : {Real(0.5), Real(2), Real(-1)}) {
    expected += Real(0.5) * (-c - Real(0.5) * ((v - m) * (v - m) + s * s));
    gradient += Real(0.5) * (v - m);
  }
  constexpr int kDraws = 20000;
  double total = 0, squares = 0, slope = 0, slope_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto [value, grads] = value_and_grad(
        [&](std::span<const Tensor> in) {
          with inside(h::substitute({{"loc", in[0]}}));
          infer::TraceELBO elbo;
          return elbo.estimate(model, infer::GuideProgram{guide});
        },
        {m});
    const auto v = static_cast<double>(value);
    const auto g = static_cast<double>(grads[0].item());
    total += v;
    squares += v * v;
    slope += g;
    slope_squares += g * g;
  }
  const auto check = [&](double sum, double sum_of_squares, Real exact) {
    const double mean = sum / kDraws;
    const double error = std::sqrt((sum_of_squares / kDraws - mean * mean) / kDraws);
    CHECK(std::abs(mean - static_cast<double>(exact)) < 4 * error);
    CHECK(error < 0.05);
  };
  check(total, squares, expected);
  check(slope, slope_squares, gradient);
}

TEST_CASE("AutoDelta finds the mode of a constrained site without a Jacobian") {
  begin(3);
  const auto model = [] {
    const Tensor s = sample("s", dist::LogNormal(0, 1));
    sample("y", dist::Normal(0, s), {.obs = 2});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  svi.run(2000, {});
  // maximise -log s - (log s)^2 / 2 - log s - 2 / s^2 over s
  const Real s = guide.median()["s"].item();
  CHECK(-2 / s - std::log(s) / s + 4 / (s * s * s) == Approx(0).margin(1e-6));
}

TEST_CASE("a hand-written guide fits as an automatic one; SGD with momentum does as well") {
  begin(5);
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = 2});
  };
  const auto guide = [] {
    sample("mu", dist::Normal(param("loc", 0.0), param("scale", 1.0, constraints::positive)));
  };
  infer::SVI svi(model, guide, decaying(0.05, 4000), infer::TraceELBO({.num_particles = 4}));
  svi.run(4000, {});
  CHECK(param_store().get("loc").item() == Approx(1).margin(0.01));
  CHECK(param_store().get("scale").item() == Approx(std::sqrt(0.5)).epsilon(0.02));

  begin(5);
  infer::SVI plain(model, guide, infer::SGD({.lr = 0.002, .momentum = 0.9}),
                   infer::TraceELBO({.num_particles = 16}));
  plain.run(2000, {});
  CHECK(param_store().get("loc").item() == Approx(1).margin(0.05));
  CHECK(param_store().get("scale").item() == Approx(std::sqrt(0.5)).epsilon(0.08));
}

TEST_CASE("local latents of a subsampled plate are kept at full size; rows never seen stay") {
  begin(8);
  const Tensor y = arange(6);
  const auto model = [&](const Indices& rows) {
    plate p("p", 6, {.subsample = rows});
    const Tensor z = sample("z", dist::Normal(0, 10));
    sample("y", dist::Normal(z, 0.1), {.obs = p.subsample(y)});
  };
  infer::AutoNormal guide(model, {.init = infer::init_to_value({{"z", 0.25}})});
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  for (int i = 0; i < 600; ++i) svi.step(i % 2 == 0 ? Indices{1, 4} : Indices{4, 5});
  const Tensor z = guide.median()["z"];
  REQUIRE(z.shape() == Shape{6});
  CHECK(z.at({1}) == Approx(1).margin(0.1));
  CHECK(z.at({5}) == Approx(5).margin(0.1));
  for (const Index row : {0, 2, 3}) CHECK(z.at({row}) == Real(0.25));
}

TEST_CASE("a loss or gradient that is not finite is an error naming the site where it began") {
  begin(1);
  const auto bad_loss = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("fine", dist::Normal(mu, 1), {.obs = 1});
    factor("broken", log(mu * 0 - 1));
  };
  infer::SVI svi(
      bad_loss, [] { sample("mu", dist::Normal(param("loc", 0.0), 1)); }, infer::Adam());
  const std::string loss = error_of([&] { svi.step(); });
  INFO(loss);
  CHECK(has(loss, "broken"));
  CHECK(param_store().get("loc").item() == 0);

  begin(1);
  const auto bad_gradient = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("fine", dist::Normal(mu, 1), {.obs = 1});
    factor("broken", sqrt(mu * 0));  // 0, with an infinite slope
  };
  infer::SVI slope(
      bad_gradient, [] { sample("mu", dist::Normal(param("loc", 0.0), 1)); }, infer::Adam());
  const std::string gradient = error_of([&] { slope.step(); });
  INFO(gradient);
  CHECK(has(gradient, "broken"));
  CHECK(has(gradient, "loc"));
  CHECK(param_store().get("loc").item() == 0);
  CHECK(detail::handler_depth() == 0);
}

TEST_CASE("guide and model must have the same latent sites") {
  begin(1);
  const auto model = [] { sample("a", dist::Normal(0, 1)); };
  infer::SVI lacks(
      model, [] {}, infer::Adam());
  CHECK(has(error_of([&] { lacks.step(); }), "'a'"));
  const auto more = [] {
    sample("a", dist::Normal(param("loc", 0.0), 1));
    sample("b", dist::Normal(0, 1));
  };
  infer::SVI extra(model, more, infer::Adam());
  const std::string text = error_of([&] { extra.step(); });
  CHECK(has(text, "'b'"));
  CHECK(has(text, "is_auxiliary"));
  const auto auxiliary = [] {
    sample("a", dist::Normal(param("loc", 0.0), 1));
    sample("b", dist::Normal(0, 1), {.infer = {{"is_auxiliary", true}}});
  };
  infer::SVI fine(model, auxiliary, infer::Adam());
  CHECK(std::isfinite(fine.step()));
}

TEST_CASE("a discrete unobserved part that nobody reads is drawn by the model and counts nothing") {
  begin(2);
  const Tensor k = tensor({1.0, kNaN, 0.0});
  const auto losses = [&](bool with_missing) {
    begin(2);
    const Tensor rows = with_missing ? k : tensor({1.0, 0.0});
    const auto model = [&] {
      const Tensor p = sample("p", dist::Normal(0, 1));
      plate plate_of_rows("rows", rows.numel());
      sample("k", dist::Bernoulli({.logits = p}), {.obs = rows, .obs_mask = !isnan(rows)});
    };
    infer::AutoNormal guide(model);
    infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}));
    return svi.run(20, {}).losses;
  };
  CHECK(losses(true) == losses(false));
}

TEST_CASE("early stopping stops when the mean loss of a window stays") {
  begin(3);
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = 2});
  };
  infer::AutoDelta guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}));
  const infer::Fit fit = svi.run(100000, {.tolerance = 1e-6, .window = 50});
  CHECK(fit.converged);
  CHECK(fit.losses.size() < 5000);
  CHECK(guide.median()["mu"].item() == Approx(1).margin(1e-3));
}

TEST_CASE("Predictive draws from prior, guide and draws; partially observed sites are completed") {
  begin(9);
  const Tensor x = tensor({3.0, kNaN});
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate p("p", 2);
    const Tensor all = sample("x", dist::Normal(mu, 0.1), {.obs = x, .obs_mask = !isnan(x)});
    sample("y", dist::Normal(all, 1), {.obs = tensor({3.0, 3.0})});
  };
  const Values prior = infer::Predictive(model, {.num_samples = 2000})();
  CHECK(prior.at("mu").shape() == Shape{2000});
  CHECK(mean(prior.at("mu")).item() == Approx(0).margin(0.1));
  CHECK(mean(square(prior.at("y"))).item() > 1);

  const auto guide = [] {
    const Tensor mu = sample("mu", dist::Normal(2, 0.01));
    plate p("p", 2);
    sample("x_unobserved", dist::Normal(mu, 0.1));
  };
  const Values posterior = infer::Predictive(model, guide, {.num_samples = 500})();
  CHECK(mean(posterior.at("mu")).item() == Approx(2).margin(0.01));
  CHECK(select(posterior.at("x"), 1, 0).at({7}) == 3);  // what was seen stays
  CHECK(mean(select(posterior.at("x"), 1, 1)).item() == Approx(2).margin(0.05));
  CHECK(posterior.at("y").at({0, 0}) != 3);
  const Values kept = infer::Predictive(model, guide, {.num_samples = 2, .keep_observed = true})();
  CHECK(kept.at("y").at({1, 1}) == 3);

  const Values draws{{"mu", tensor({5, 6, 7})}};
  const Values given = infer::Predictive(model, draws)();
  CHECK(given.at("mu").at({2}) == 7);
  CHECK(given.at("y").shape() == Shape{3, 2});
}

TEST_CASE("an initial scale that is none is an error where the guide is made") {
  const auto model = [] { sample("s", dist::Normal(0, 2)); };
  for (const double scale : {0.0, -0.1, kNaN, kInfinity}) {
    CHECK(has(error_of([&] { infer::AutoNormal(model, {.init_scale = scale}); }),
              "AutoNormal: init_scale"));
    CHECK(has(error_of([&] { infer::AutoMultivariateNormal(model, {.init_scale = scale}); }),
              "AutoMultivariateNormal: init_scale"));
  }
}

TEST_CASE("initial values: strategies, retries, and an error naming the site") {
  begin(1);
  const auto model = [] { sample("s", dist::HalfNormal(2)); };
  const auto first = [&](const infer::Init& init) {
    param_store().clear();
    infer::AutoNormal guide(model, {.init = init, .init_scale = 0.3});
    guide.set_up();
    CHECK(scale_of("s").item() == Approx(0.3));
    return guide.median()["s"].item();
  };
  CHECK(first(infer::init_to_feasible()) == Approx(1));
  CHECK(first(infer::init_to_mean()) == Approx(2 * std::sqrt(2 / M_PI)));
  CHECK(first(infer::init_to_value({{"s", 0.7}})) == Approx(0.7));
  CHECK(first(infer::init_to_median(2001)) == Approx(2 * 0.67449).epsilon(0.1));
  CHECK(first(infer::init_to_sample()) > 0);
  CHECK(first(infer::init_to_uniform(0.1)) == Approx(1).epsilon(0.11));
  const auto impossible = [] {
    sample("s", dist::HalfNormal(2));
    factor("never", -kInfinity);
  };
  infer::AutoNormal stuck(impossible);
  CHECK(has(error_of([&] { stuck.set_up(); }), "never"));
}

TEST_CASE("the parameter store comes back from its file; a wrong shape is an error") {
  begin(1);
  const std::string file =
      (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".params"))
          .string();
  param("w", tensor({0.1, kInfinity}));
  const Real s = param("s", 0.3, constraints::positive).item();
  param_store().save(file);
  param_store().clear();
  CHECK(has(error_of([] { param("w"); }), "'w'"));
  param_store().load(file);
  CHECK(param("s", 0.9, constraints::positive).item() == s);
  CHECK(param("w").at({1}) == kInfinity);
  CHECK(has(error_of([] { param("w", zeros({3})); }), "(3,)"));
  CHECK(has(error_of([] { param("s", 1.0); }), "positive"));
  std::ofstream(file) << "{\"schema\":\"ember-params/1\",\"params\":[{\"name\":3}]}";
  CHECK(has(error_of([&] { param_store().load(file); }), "/params/0/name"));
  CHECK(param_store().contains("w"));
  std::filesystem::remove(file);
}

TEST_CASE("two threads that optimise the store at once: one gets an error") {
  begin(1);
  std::string inner;
  const auto model = [&] {
    sample("a", dist::Normal(0, 1));
    std::thread([&] {
      const auto other = [] { sample("b", dist::Normal(0, 1)); };
      infer::AutoDelta guide(other, {.prefix = "Other"});
      infer::SVI svi(other, guide, infer::Adam());
      inner = error_of([&] { svi.step(); });
    }).join();
  };
  const auto guide = [] { sample("a", dist::Normal(param("loc", 0.0), 1)); };
  infer::SVI svi(model, guide, infer::Adam());
  svi.step();
  CHECK(has(inner, "at once"));
}

TEST_CASE("log_density is the log joint at given latents") {
  const auto model = [](Real y) {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    sample("y", dist::Normal(mu, 1), {.obs = y});
  };
  const Real c = Real(0.918938533204672742);
  CHECK(infer::log_density(model, {{"mu", 0.5}}, Real(2)).item() ==
        Approx(-2 * c - 0.125 - 0.5 * 1.5 * 1.5));
  CHECK(has(error_of([&] { infer::log_density(model, {}, Real(2)); }), "mu"));
}
