// Row 10: hierarchical varying intercepts, 12573 observations in 85 groups, one step of SVI, beside
// one fused pass over the observations sorted by group.
#include <algorithm>
#include <cmath>

#include "common/mean_field.hpp"
#include "common/svi_row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kObservations = 12'573, kGroups = 85;

struct Data {
  Indices group;  // in no order
  Tensor x = dist::Normal(0, 1).expand({kObservations}).sample();
  Tensor y;
  Data() {
    const Tensor u = dist::Uniform(0, 1).expand({kObservations}).sample();
    group = Indices(floor(u * u * static_cast<Real>(kGroups)));
    const Tensor alpha = dist::Normal(1, 0.5).expand({kGroups}).sample();
    y = dist::Normal(index_select(alpha, 0, group) + 0.7 * x, 0.8).sample();
  }
};

void model(const Data& d) {
  const Tensor mu = sample("mu", dist::Normal(0, 10));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  const Tensor beta = sample("beta", dist::Normal(0, 10));
  const Tensor sigma = sample("sigma", dist::HalfCauchy(5));
  Tensor alpha;
  {
    plate groups("groups", kGroups);
    alpha = sample("alpha", dist::Normal(mu, tau));
  }
  plate observations("observations", kObservations);
  sample("y", dist::Normal(index_select(alpha, 0, d.group) + beta * d.x, sigma), {.obs = d.y});
}

// Coordinates: mu, log tau, beta, log sigma, alpha.
struct ByHand : bench::MeanField<ByHand> {
  explicit ByHand(const Data& d) : MeanField({4 + kGroups}) {
    for (Index j = 0; j < kGroups; ++j) {
      for (std::size_t i = 0; i < d.group.size(); ++i) {
        if (d.group.values()[i] != j) continue;
        covariate.push_back(d.x.data()[i]);
        outcome.push_back(d.y.data()[i]);
      }
      end.push_back(outcome.size());
    }
  }

  static std::vector<double> store() {
    return bench::mean_field_parameters({"mu", "tau", "beta", "sigma", "alpha"});
  }
  static std::vector<double> draws() {
    std::vector<double> out;
    for (const char* site : {"mu", "tau", "beta", "sigma"}) bench::append_draws(out, site, {});
    bench::append_draws(out, "alpha", {kGroups});
    return out;
  }

  std::vector<double> covariate, outcome;  // sorted by group
  std::vector<std::size_t> end;            // of each group

  double cost() {
    const double mu = x[0], tau = special::exp(x[1]), beta = x[2], sigma = special::exp(x[3]);
    const double* c = covariate.data();
    const double* y = outcome.data();
    double squares = 0, by_beta = 0;  // of and by the residuals
    double spread = 0, by_mu = 0;
    std::size_t begin = 0;
    for (std::size_t j = 0; j < end.size(); ++j) {
      const double alpha = x[4 + j];
      double by_alpha = 0;
#pragma omp simd reduction(+ : squares, by_beta, by_alpha)
      for (std::size_t i = begin; i < end[j]; ++i) {
        const double r = y[i] - alpha - beta * c[i];
        squares += r * r;
        by_beta += r * c[i];
        by_alpha += r;
      }
      begin = end[j];
      const double deviation = (alpha - mu) / tau;
      spread += deviation * deviation;
      by_mu -= deviation / tau;
      dx[4 + j] = deviation / tau - by_alpha / (sigma * sigma);
    }
    const auto n = static_cast<double>(kObservations), groups = static_cast<double>(kGroups);
    const double precision = 1 / (sigma * sigma);
    const auto half_cauchy = [](double s, double log_s, double& slope) {
      const double r2 = s * s / 25;
      slope += 2 * r2 / (1 + r2) - 1;
      return std::log(5 * M_PI / 2) + special::log1p(r2) - log_s;
    };
    dx[0] = mu / 100 + by_mu;
    dx[1] = groups - spread;
    dx[2] = beta / 100 - by_beta * precision;
    dx[3] = n - squares * precision;
    double sum = 0.5 * (mu * mu + beta * beta) / 100 + 2 * std::log(10);
    sum += half_cauchy(tau, x[1], dx[1]) + half_cauchy(sigma, x[3], dx[3]);
    sum += 0.5 * spread + groups * x[1] + 0.5 * squares * precision + n * x[3];
    return sum + (2 + groups + n) * special::kHalfLogTwoPi;
  }
};

const bool kAdded = bench::add_svi_row<&model, Data, ByHand>("10.varying_intercepts");

}  // namespace
