// The gradients of TraceELBO are unbiased: means over many draws against objectives that are summed
// over all discrete values, differentiated numerically.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
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
using Theta = std::vector<double>;

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
// log Bernoulli(k | logits l)
double log_bernoulli(int k, double l) { return std::log(sigmoid_of(k == 1 ? l : -l)); }
// E log Normal(y | m + noise of standard deviation s, 1)
double log_normal(double y, double m, double s) {
  return -0.9189385332046727 - 0.5 * ((y - m) * (y - m) + s * s);
}

// Means of the ELBO's gradient by theta against `objective`'s: within 5 standard errors, which
// together are small beside the gradient. Gives their sum of squares.
double check_gradient(const Theta& theta, const std::function<double(const Theta&)>& objective,
                      const std::function<void()>& model, const std::function<void()>& guide,
                      const infer::TraceELBOOptions& options, int draws) {
  set_rng_seed(5);
  param_store().clear();
  infer::TraceELBO elbo(options);
  const std::size_t n = theta.size();
  Theta total(n), squares(n);
  double value = 0, value_squares = 0;
  for (int d = 0; d < draws; ++d) {
    const auto [v, grads] = value_and_grad(
        [&](std::span<const Tensor> in) {
          with inside(h::substitute({{"theta", in[0]}}));
          const Tensor result = elbo.estimate(model, infer::GuideProgram{guide});
          elbo.clear();
          return result;
        },
        {tensor(theta)});
    value += static_cast<double>(v);
    value_squares += static_cast<double>(v) * static_cast<double>(v);
    for (std::size_t i = 0; i < n; ++i) {
      const auto g = static_cast<double>(grads[0].data()[i]);
      total[i] += g;
      squares[i] += g * g;
    }
  }
  const auto error_of_mean = [&](double sum, double sum_of_squares) {
    const double mean = sum / draws;
    return std::sqrt(std::max(0.0, sum_of_squares / draws - mean * mean) / draws);
  };
  CHECK(std::abs(value / draws - objective(theta)) <= 5 * error_of_mean(value, value_squares));
  double norm = 0, error = 0;
  for (std::size_t i = 0; i < n; ++i) {
    Theta up = theta, down = theta;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    const double exact = (objective(up) - objective(down)) / 2e-5;
    const double standard_error = error_of_mean(total[i], squares[i]);
    INFO("coordinate " << i << ": " << total[i] / draws << " +- " << standard_error << ", exact "
                       << exact);
    CHECK(std::abs(total[i] / draws - exact) <= 5 * standard_error + 1e-6);
    norm += exact * exact;
    error += standard_error * standard_error;
  }
  INFO("relative error " << std::sqrt(error / norm));
  CHECK(error < 0.02 * 0.02 * norm);
  return error;
}

Tensor theta_param() { return param("theta", zeros({1})); }

// a ~ Bernoulli, z ~ Normal(a / 2, 1); in a plate of four rows b ~ Bernoulli(theta[9] (a - 1/2))
// and y ~ Normal(z + 3 b / 2, 1). Where a, b or z are not latent they are numbers.
struct Everything {
  bool discrete = true, continuous = true, masked = true, scaled = true, subsampled = true;
  bool marked = false;  // the guide's sites ask for a baseline
  Theta theta{0.4, -1.0, 0.7, -0.3, 0.5, -0.5, 1.0, 0.2, 0.6, 0.8};

  static constexpr double kY[] = {2, -1, 1.5, 3};
  static constexpr int kB[] = {1, 0, 1, 1};
  bool seen(int i) const { return !masked || i != 2; }
  double scale() const { return scaled ? 0.3 : 1; }

  struct Scope {
    plate rows;
    with inside;
    explicit Scope(const Everything& e)
        : rows("rows", 4, {.subsample_size = e.subsampled ? 2 : 0}),
          inside(h::scale(e.scale()), h::mask(rows.subsample(e.seen_rows()))) {}
  };
  Mask seen_rows() const { return mask_of({seen(0), seen(1), seen(2), seen(3)}); }

  void model() const {
    const Tensor t = theta_param();
    const Tensor a = discrete ? sample("a", dist::Bernoulli({.logits = 0.3})) : Tensor(1.0);
    const Tensor z = continuous ? sample("z", dist::Normal(0.5 * a, 1)) : Tensor(0.3);
    const Scope scope(*this);
    const Tensor b = discrete ? sample("b", dist::Bernoulli({.logits = t[9] * (a - 0.5)}))
                              : scope.rows.subsample(tensor(kB));
    // what is hidden may be anything
    const Tensor y = scope.rows.subsample(where(seen_rows(), tensor(kY), kNaN));
    sample("y", dist::Normal(z + 1.5 * b, 1), {.obs = y});
  }
  void guide() const {
    const Infer note =
        marked ? Infer{{"use_decaying_avg_baseline", true}, {"baseline_beta", 0.8}} : Infer{};
    const Tensor t = theta_param();
    const Tensor a =
        discrete ? sample("a", dist::Bernoulli({.logits = t[0]}), {.infer = note}) : Tensor(1.0);
    if (continuous) sample("z", dist::Normal(t[1] + t[2] * a, exp(t[3])));
    if (!discrete) return;
    const Scope scope(*this);
    const Tensor logits = scope.rows.subsample(t.slice(0, 4, 8)) + t[8] * a;
    sample("b", dist::Bernoulli({.logits = logits}), {.infer = note});
  }
  // The ELBO, given a.
  double given(int a, const Theta& t) const {
    const double m = continuous ? t[1] + t[2] * a : 0.3;
    const double s = continuous ? std::exp(t[3]) : 0;
    double total = 0;
    if (continuous) total += log_normal(m, 0.5 * a, s) + 0.9189385332046727 + 0.5 + t[3];
    for (int i = 0; i < 4; ++i) {
      if (!seen(i)) continue;
      if (!discrete) {
        total += scale() * log_normal(kY[i], m + 1.5 * kB[i], s);
        continue;
      }
      for (const int b : {0, 1}) {
        const double log_q = log_bernoulli(b, t[static_cast<std::size_t>(4 + i)] + t[8] * a);
        total += scale() * std::exp(log_q) *
                 (log_bernoulli(b, t[9] * (a - 0.5)) - log_q + log_normal(kY[i], m + 1.5 * b, s));
      }
    }
    return total;
  }
  double objective(const Theta& t) const {
    if (!discrete) return given(1, t);
    double total = 0;
    for (const int a : {0, 1}) {
      const double log_q = log_bernoulli(a, t[0]);
      total += std::exp(log_q) * (log_bernoulli(a, 0.3) - log_q + given(a, t));
    }
    return total;
  }
  double check(const infer::TraceELBOOptions& options = {}, int draws = 20000) const {
    return check_gradient(
        theta, [&](const Theta& t) { return objective(t); }, [&] { model(); }, [&] { guide(); },
        options, draws);
  }
};

}  // namespace

TEST_CASE("reparameterised gradients") { Everything{.discrete = false}.check(); }

TEST_CASE("score-function gradients") {
  // far from the optimum, so that the gradient is large
  Everything e{.continuous = false, .theta = {1.5, 0, 0, 0, -2, 2, 1, -2, 0.6, 0.8}};
  e.check({}, 60000);
  e.masked = e.scaled = e.subsampled = false;
  e.check({}, 60000);
}

TEST_CASE("reparameterised and score-function gradients together") {
  Everything{}.check({}, 40000);
  Everything{.subsampled = false}.check();
}

TEST_CASE("baselines keep the mean and lower the variance") {
  const Everything e{.subsampled = false};
  const double without = e.check();
  CHECK(e.check({.use_decaying_avg_baseline = true}) < 0.75 * without);
  const Everything marked{.subsampled = false, .marked = true};
  CHECK(marked.check() < 0.75 * without);
  Everything{}.check({.use_decaying_avg_baseline = true, .baseline_beta = 0.5}, 40000);
}

TEST_CASE("several particles") {
  Everything{}.check({.num_particles = 3}, 15000);
  Everything{}.check({.num_particles = 3, .use_decaying_avg_baseline = true}, 15000);
}

TEST_CASE("a guide in another order, dims that no plate declares, an auxiliary site") {
  // model: a, then c (two of them) given a, then y that reads the sum of c, twice; guide: an
  // auxiliary s, c given s, a given c
  const Theta theta{0.5, -0.7, 0.9, 0.4, -1.2};
  const auto model = [] {
    const Tensor t = theta_param();
    const Tensor a = sample("a", dist::Bernoulli({.logits = 0.2}));
    const Tensor c = sample("c", dist::Bernoulli({.logits = (a - 0.5) * tensor({1, -2})}));
    sample("y", dist::Normal(2 * sum(c), 1), {.obs = tensor({2, 0.5})});
  };
  const auto guide = [] {
    const Tensor t = theta_param();
    const Tensor s =
        sample("s", dist::Bernoulli({.logits = t[0]}), {.infer = {{"is_auxiliary", true}}});
    const Tensor c = sample("c", dist::Bernoulli({.logits = t.slice(0, 1, 3) + t[3] * s}));
    sample("a", dist::Bernoulli({.logits = t[4] * sum(c)}));
  };
  const auto objective = [](const Theta& t) {
    double total = 0;
    for (int k = 0; k < 16; ++k) {
      const int s = k & 1, c0 = k >> 1 & 1, c1 = k >> 2 & 1, a = k >> 3;
      const double log_q = log_bernoulli(s, t[0]) + log_bernoulli(c0, t[1] + t[3] * s) +
                           log_bernoulli(c1, t[2] + t[3] * s) + log_bernoulli(a, t[4] * (c0 + c1));
      const double log_p = log_bernoulli(a, 0.2) + log_bernoulli(c0, a - 0.5) +
                           log_bernoulli(c1, 1 - 2 * a) + log_normal(2, 2 * (c0 + c1), 0) +
                           log_normal(0.5, 2 * (c0 + c1), 0);
      total += std::exp(log_q) * (log_p - log_q);
    }
    return total;
  };
  check_gradient(theta, objective, model, guide, {}, 40000);
}

TEST_CASE("discrete unobserved parts have score-function terms where somebody reads them") {
  // k: two of four missing, one row hidden; d given k: one missing; y reads k, x reads d; z is the
  // guide's
  const Theta theta{0.5, -0.8, 1.3, -1.5, -0.2};
  const double y[] = {2, -0.5, 2.5, 9}, x[] = {0.5, 1, -1, 9};
  const Tensor k_data = tensor({1.0, kNaN, kNaN, kNaN}), d_data = tensor({kNaN, 1, kNaN, 0});
  enum class Read { arithmetic, index, condition, constant };
  for (const Read read : {Read::arithmetic, Read::index, Read::condition, Read::constant}) {
    const auto as_loc = [read](const Tensor& k) {
      if (read == Read::index) return index_select(tensor({0.0, 1.5}), 0, k);
      if (read == Read::condition) return where(k > 0.5, 1.5, 0);
      return 1.5 * (read == Read::constant ? detach(k) : k);
    };
    const auto model = [&] {
      const Tensor t = theta_param();
      const Tensor z = sample("z", dist::Normal(0, 1));
      plate rows("rows", 4);
      with inside(h::scale(0.5), h::mask(mask_of({true, true, true, false})));
      const Tensor k = sample("k", dist::Bernoulli({.logits = t[0] * ones({4})}),
                              {.obs = k_data, .obs_mask = !isnan(k_data)});
      const Tensor d = sample("d", dist::Bernoulli({.logits = t[1] + t[2] * as_loc(k)}),
                              {.obs = d_data, .obs_mask = !isnan(d_data)});
      sample("y", dist::Normal(as_loc(k) + z, 1), {.obs = tensor(y)});
      sample("x", dist::Normal(2 * d, 1), {.obs = tensor(x)});
    };
    const auto guide = [] {
      const Tensor t = theta_param();
      sample("z", dist::Normal(t[3], exp(t[4])));
    };
    const auto objective = [&](const Theta& t) {
      const double s = std::exp(t[4]);
      double total = log_normal(t[3], 0, s) + 0.9189385332046727 + 0.5 + t[4];
      for (int i = 0; i < 3; ++i) {
        for (const int k : {0, 1}) {
          if (i == 0 && k == 0) continue;
          const double k_weight = i == 0 ? 1 : std::exp(log_bernoulli(k, t[0]));
          for (const int d : {0, 1}) {
            if (i == 1 && d == 0) continue;
            const double log_d = log_bernoulli(d, t[1] + t[2] * 1.5 * k);
            const double weight = k_weight * (i == 1 ? 1 : std::exp(log_d));
            const double counted = (i == 0 ? log_bernoulli(1, t[0]) : 0) + (i == 1 ? log_d : 0);
            total += 0.5 * weight *
                     (counted + log_normal(y[i], 1.5 * k + t[3], s) + log_normal(x[i], 2 * d, 0));
          }
        }
      }
      return total;
    };
    INFO("read as " << static_cast<int>(read));
    check_gradient(theta, objective, model, guide,
                   {.use_decaying_avg_baseline = read == Read::index}, 12000);
  }
}

TEST_CASE("SVI fits a discrete guide; losses are those of the ELBO, not of its surrogate") {
  param_store().clear();
  set_rng_seed(2);
  const auto model = [] {
    const Tensor k = sample("k", dist::Bernoulli({.probs = 0.3}));
    sample("y", dist::Normal(2 * k, 1), {.obs = 1.4});
  };
  const auto guide = [] { sample("k", dist::Bernoulli({.logits = param("logits", 0.0)})); };
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05, .schedule = infer::exponential(0.999)}),
                 infer::TraceELBO({.num_particles = 10, .use_decaying_avg_baseline = true}));
  svi.run(3000, {});
  const double logit = std::log(0.3 / 0.7) + 0.5 * (1.4 * 1.4 - 0.6 * 0.6);
  CHECK(static_cast<double>(param_store().get("logits").item()) == Approx(logit).margin(0.02));
  // At the posterior every draw's log p - log q is the evidence.
  param_store().set("logits", logit);
  const double evidence =
      std::log(0.3 * std::exp(log_normal(1.4, 2, 0)) + 0.7 * std::exp(log_normal(1.4, 0, 0)));
  for (int i = 0; i < 5; ++i) CHECK(static_cast<double>(svi.evaluate_loss()) == Approx(-evidence));
  CHECK(static_cast<double>(svi.step()) == Approx(-evidence));
}

TEST_CASE("notes of the wrong kind are errors that name the site") {
  param_store().clear();
  const auto model = [] {
    const Tensor k = sample("k", dist::Bernoulli({.probs = 0.3}));
    sample("y", dist::Normal(2 * k, 1), {.obs = 1.4});
  };
  const auto with_note = [&](const Infer& note) {
    infer::SVI svi(
        model,
        [note] { sample("k", dist::Bernoulli({.logits = param("logits", 0.0)}), {.infer = note}); },
        infer::Adam());
    return error_of([&] { svi.step(); });
  };
  CHECK(has(with_note({{"use_decaying_avg_baseline", 1.0}}), "site 'k'"));
  CHECK(has(with_note({{"use_decaying_avg_baseline", true}, {"baseline_beta", 1.0}}), "site 'k'"));
  CHECK(with_note({{"use_decaying_avg_baseline", true}}) == "no error");
}
