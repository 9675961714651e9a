// Row 1: eight schools, one step of SVI, of the model and as it was recorded at the first step.
#include <array>
#include <cmath>

#include "common/mean_field.hpp"
#include "common/svi_row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr std::array<double, 8> kY{28, 8, -3, 7, -1, 1, 18, 12};
constexpr std::array<double, 8> kSigma{15, 10, 16, 11, 9, 11, 10, 18};

struct Schools {
  Tensor y = tensor(kY);
  Tensor sigma = tensor(kSigma);
};

void model(const Schools& d) {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  plate schools("schools", 8);
  const Tensor z = sample("z", dist::Normal(0, 1));
  sample("y", dist::Normal(mu + tau * z, d.sigma), {.obs = d.y});
}

// Coordinates: mu, log tau, z.
struct ByHand : bench::MeanField<ByHand> {
  explicit ByHand(const Schools&) : MeanField({10}) {}

  static std::vector<double> store() { return bench::mean_field_parameters({"mu", "tau", "z"}); }
  static std::vector<double> draws() {
    std::vector<double> out;
    bench::append_draws(out, "mu", {});
    bench::append_draws(out, "tau", {});
    bench::append_draws(out, "z", {8});
    return out;
  }

  double constant = [] {
    double sum = std::log(5) + std::log(5 * M_PI / 2) + 17 * special::kHalfLogTwoPi;
    for (const double s : kSigma) sum += std::log(s);
    return sum;
  }();
  std::array<double, 8> inverse = [] {
    std::array<double, 8> out{};
    for (std::size_t j = 0; j < 8; ++j) out[j] = 1 / kSigma[j];
    return out;
  }();

  double cost() {
    const double mu = x[0];
    const double tau = special::exp(x[1]);
    const double r2 = tau * tau / 25;
    double sum = constant + 0.5 * mu * mu / 25 + special::log1p(r2) - x[1];
    double by_mu = mu / 25, by_tau = 0;
    const double* z = x.data() + 2;
    double* dz = dx.data() + 2;
#pragma omp simd reduction(+ : sum, by_mu, by_tau)
    for (std::size_t j = 0; j < 8; ++j) {
      const double residual = (kY[j] - mu - tau * z[j]) * inverse[j];
      const double slope = residual * inverse[j];
      sum += 0.5 * z[j] * z[j] + 0.5 * residual * residual;
      dz[j] = z[j] - slope * tau;
      by_mu -= slope;
      by_tau -= slope * z[j];
    }
    dx[0] = by_mu;
    dx[1] = by_tau * tau + 2 * r2 / (1 + r2) - 1;
    return sum;
  }
};

const bool kAdded = bench::add_svi_row<&model, Schools, ByHand>("1.eight_schools") &&
                    bench::add_svi_row<&model, Schools, ByHand, true>("1.eight_schools_recorded");

}  // namespace
