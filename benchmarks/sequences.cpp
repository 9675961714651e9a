// Row 9: 1000 sequences of 1 to 100 counts that follow hidden AR(1) processes, masked by length,
// one step of SVI. The hand-written step has the states of a sequence side by side, and none beyond
// its end. The model is that of examples/variable_length.cpp.
#include <cmath>

#include "common/mean_field.hpp"
#include "common/svi_row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr Index kSequences = 1000, kLongest = 100;

struct Data {
  Tensor length;  // (sequences)
  Tensor y;       // (longest, sequences): NaN beyond a sequence's end
  Data() {
    const Tensor u = dist::Uniform(0, 1).expand({kSequences}).sample();
    length = 1 + floor(u * static_cast<Real>(kLongest));
    std::vector<Tensor> counts;
    Tensor x = 2 + dist::Normal(0, 1).sample({kSequences});
    for (Index t = 0; t < kLongest; ++t) {
      if (t > 0) x = 2 + 0.8 * (x - 2) + 0.5 * dist::Normal(0, 1).sample({kSequences});
      const Tensor count = dist::Poisson({.log_rate = x}).sample();
      counts.push_back(where(length > t, count, std::nan("")));
    }
    y = stack(counts, 0);
  }
};

void model(const Data& d) {
  const Tensor phi = sample("phi", dist::Normal(0, 1));
  const Tensor sigma = sample("sigma", dist::HalfNormal(1));
  const Tensor m = sample("m", dist::Normal(0, 2));
  plate sequences("sequences", kSequences);
  Tensor x;
  for (Index t : sequential_plate("t", kLongest)) {
    with inside(h::mask(d.length > t));
    x = sample("x", t == 0 ? dist::Normal(m, 1) : dist::Normal(m + phi * (x - m), sigma));
    sample("y", dist::Poisson({.log_rate = x}), {.obs = d.y[t]});
  }
}

std::string state(Index t) { return "x_" + std::to_string(t); }

// Coordinates: phi, log sigma, m, then the states, sequence by sequence.
struct ByHand : bench::MeanField<ByHand> {
  explicit ByHand(const Data& d) : MeanField(3 + static_cast<std::size_t>(sum(d.length).item())) {
    for (std::size_t i = 0; i < kSequences; ++i) {
      const auto n = static_cast<Index>(d.length.data()[i]);
      for (Index t = 0; t < n; ++t) count.push_back(d.y.at({t, static_cast<Index>(i)}));
      length.push_back(n);
    }
    for (const double y : count) constant += std::lgamma(y + 1);
    const auto states = static_cast<double>(count.size());
    constant += (2 + states) * special::kHalfLogTwoPi + std::log(2);
    constant += special::kHalfLogTwoPi - std::log(2);  // of the half normal
  }

  // Numbers by time and sequence, in the order of the coordinates.
  std::vector<double> packed(const std::vector<std::vector<double>>& by_time) const {
    std::vector<double> out;
    for (std::size_t i = 0; i < kSequences; ++i) {
      for (Index t = 0; t < length[i]; ++t) out.push_back(by_time[static_cast<std::size_t>(t)][i]);
    }
    return out;
  }
  std::vector<double> store() const {
    std::vector<double> out;
    for (const char* part : {"AutoNormal.locs.", "AutoNormal.scales."}) {
      for (const char* site : {"phi", "sigma", "m"}) {
        out.push_back(bench::parameters({std::string(part) + site})[0]);
      }
      std::vector<std::vector<double>> states;
      for (Index t = 0; t < kLongest; ++t) {
        states.push_back(bench::parameters({std::string(part) + state(t)}));
      }
      for (const double v : packed(states)) out.push_back(v);
    }
    return out;
  }
  std::vector<double> draws() const {
    std::vector<double> out;
    for (const char* site : {"phi", "sigma", "m"}) bench::append_draws(out, site, {});
    std::vector<std::vector<double>> states(kLongest);
    for (Index t = 0; t < kLongest; ++t) {
      bench::append_draws(states[static_cast<std::size_t>(t)], state(t), {kSequences});
    }
    for (const double v : packed(states)) out.push_back(v);
    return out;
  }

  std::vector<double> count;
  std::vector<Index> length;
  double constant = 0;

  double cost() {
    const double phi = x[0], sigma = special::exp(x[1]), m = x[2];
    const double inverse = 1 / sigma;
    double total = constant, by_phi = 0, by_m = 0, squares = 0, moves = 0;
    const double* z = x.data() + 3;
    double* dz = dx.data() + 3;
    const double* y = count.data();
    const std::size_t states = count.size();
#pragma omp simd reduction(+ : total)
    for (std::size_t i = 0; i < states; ++i) {
      const double rate = special::exp(z[i]);
      total += rate - y[i] * z[i];
      dz[i] = rate - y[i];
    }
    for (const Index n : length) {
      // x_t pulls at what lies behind it; what lies ahead of it pulls back.
      const double first = z[0] - m;
      total += 0.5 * first * first;
      dz[0] += first;
      by_m -= first;
      double pulls = 0;
#pragma omp simd reduction(+ : squares, by_phi, pulls)
      for (Index t = 1; t < n; ++t) {
        const double r = (z[t] - m - phi * (z[t - 1] - m)) * inverse;
        squares += r * r;
        by_phi -= r * (z[t - 1] - m);
        pulls += r;
        dz[t] += r * inverse;
      }
#pragma omp simd
      for (Index t = 1; t < n; ++t) {
        dz[t - 1] -= phi * inverse * (z[t] - m - phi * (z[t - 1] - m)) * inverse;
      }
      by_m -= pulls * inverse * (1 - phi);
      moves += static_cast<double>(n - 1);
      z += n;
      dz += n;
    }
    dx[0] = phi + by_phi * inverse;
    dx[1] = sigma * sigma - 1 + moves - squares;
    dx[2] = m / 4 + by_m;
    total += 0.5 * (phi * phi + sigma * sigma + m * m / 4 + squares) + moves * x[1] - x[1];
    return total;
  }
};

const bool kAdded = bench::add_svi_row<&model, Data, ByHand>("9.sequences");

}  // namespace
