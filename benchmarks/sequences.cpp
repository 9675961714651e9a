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

constexpr std::size_t kGlobals = 3, kPart = 1000;

// Coordinates: phi, log sigma, m, then the states, sequence by sequence, in parts of about kPart.
struct ByHand : bench::MeanField<ByHand> {
  explicit ByHand(const Data& d) : MeanField(parts(d)) {
    for (std::size_t i = 0; i < kSequences; ++i) {
      const auto n = static_cast<Index>(d.length.data()[i]);
      for (Index t = 0; t < n; ++t) {
        count.push_back(static_cast<double>(d.y.at({t, static_cast<Index>(i)})));
        is_first.push_back(t == 0 ? 1 : 0);
      }
      length.push_back(n);
    }
    for (const double y : count) constant += std::lgamma(y + 1);
    constant += (2 + static_cast<double>(count.size())) * special::kHalfLogTwoPi + std::log(2);
    constant += special::kHalfLogTwoPi - std::log(2);  // of the half normal
  }

  // Whole sequences each.
  static std::vector<std::size_t> parts(const Data& d) {
    std::vector<std::size_t> ends{kGlobals};
    std::size_t end = kGlobals;
    for (const Real n : d.length.data()) {
      end += static_cast<std::size_t>(n);
      if (end >= ends.back() + kPart) ends.push_back(end);
    }
    if (ends.back() != end) ends.push_back(end);
    return ends;
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
  std::vector<double> is_first;  // of its sequence: 1, else 0
  std::vector<Index> length;
  double constant = 0;
  struct {
    double cost = 0, by_phi = 0, by_m = 0, squares = 0, moves = 0;
  } sums;  // over the states, in the running pass

  // With a the pull of a state from where its predecessor sends it, by the state:
  // a_0 = x_0 - m, a_t = (x_t - m - phi (x_(t-1) - m)) / sigma^2. It goes through sequences' ends
  // in one loop: at a first state the predecessor counts nothing.
  double part_cost(std::size_t begin, std::size_t end) {
    const double phi = x[0], m = x[2], precision = special::exp(-2 * x[1]);
    const double* z = x.data();
    double* dz = dx.data();
    const double* y = count.data() - kGlobals;
    const double* first = is_first.data() - kGlobals;
    double total = 0, by_phi = 0, by_m = 0, squares = 0, moves = 0;
#pragma omp simd reduction(+ : total, by_phi, by_m, squares, moves)
    for (std::size_t i = begin; i < end; ++i) {
      const double rate = special::exp(z[i]);
      const double later = 1 - first[i];
      const double before = later * (z[i - 1] - m);
      const double residual = z[i] - m - phi * before;
      const double pull = residual * (first[i] + later * precision);
      total += rate - y[i] * z[i] + 0.5 * first[i] * residual * residual;
      squares += later * residual * residual;
      moves += later;
      by_phi -= pull * before;
      by_m -= pull * (1 - phi * later);
      dz[i] = rate - y[i] + pull;
    }
    const std::size_t last = end - 1;
#pragma omp simd
    for (std::size_t i = begin; i < last; ++i) {
      const double later = 1 - first[i + 1];
      const double residual = z[i + 1] - m - phi * (z[i] - m);
      dz[i] -= later * phi * residual * precision;
    }
    sums.cost += total;
    sums.by_phi += by_phi;
    sums.by_m += by_m;
    sums.squares += squares * precision;
    sums.moves += moves;
    return 0;
  }

  double cost() {
    const double phi = x[0], log_sigma = x[1], sigma = special::exp(log_sigma), m = x[2];
    dx[0] = phi + sums.by_phi;
    dx[1] = sigma * sigma - 1 + sums.moves - sums.squares;
    dx[2] = m / 4 + sums.by_m;
    const double total = sums.cost + 0.5 * (phi * phi + sigma * sigma + m * m / 4 + sums.squares) +
                         (sums.moves - 1) * log_sigma + constant;
    sums = {};
    return total;
  }
};

const bool kAdded = bench::add_svi_row<&model, Data, ByHand>("9.sequences");

}  // namespace
