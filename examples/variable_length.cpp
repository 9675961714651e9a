// Sequences of unequal length: counts over time that follow a hidden AR(1) process.
//
// Sequence i has length L_i; a hidden state moves, and counts are drawn from it:
//
//     x_i0 ~ Normal(m, 1),  x_it ~ Normal(m + phi (x_i(t-1) - m), sigma),  y_it ~ Poisson(exp x_it)
//
// All sequences lie in one rectangle, as long as the longest. At time t the mask `length > t` hides
// the sequences that have ended: their states and counts have no density, are not computed, and the
// padding, NaN here, harms nothing. The data are made here, so that the truth is known.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

constexpr Index kSequences = 200, kLongest = 40;
constexpr auto kPhi = static_cast<Real>(0.8), kSigma = static_cast<Real>(0.5), kMean = Real{2};

struct Sequences {
  Tensor y;       // (longest, sequences): NaN beyond a sequence's end
  Tensor length;  // (sequences)
  Tensor x;       // the hidden states
};

Sequences make_sequences() {
  std::vector<Real> lengths;
  const Tensor dice = dist::Normal(0, 1).cdf(dist::Normal(0, 1).sample({kSequences}));
  for (const Real u : dice.data()) {
    lengths.push_back(std::floor(5 + u * static_cast<Real>(kLongest - 4)));
  }
  const Tensor length = tensor(lengths);
  std::vector<Tensor> x, y;
  for (Index t = 0; t < kLongest; ++t) {
    const Tensor noise = dist::Normal(0, 1).sample({kSequences});
    x.push_back(kMean + (t == 0 ? noise : kPhi * (x.back() - kMean) + kSigma * noise));
    const Tensor count = dist::Poisson({.log_rate = x.back()}).sample();
    y.push_back(where(length > t, count, std::nan("")));
  }
  return {stack(y, 0), length, stack(x, 0)};
}

void model(const Sequences& d) {
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

double correlation(const Tensor& a, const Tensor& b, const Mask& kept) {
  const auto n = static_cast<Real>(kept.count());
  const auto average = [&](const Tensor& x) { return sum(where(kept, x, 0)) / n; };
  const Tensor da = a - average(a);
  const Tensor db = b - average(b);
  return static_cast<double>(
      (average(da * db) / sqrt(average(square(da)) * average(square(db)))).item());
}

}  // namespace

int main() {
  set_rng_seed(11);
  const Sequences data = make_sequences();
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.9985}));
  const infer::Fit fit = svi.run(2500, {.progress = true}, data);

  const Values at = guide.median();
  std::vector<Tensor> states;
  for (Index t = 0; t < kLongest; ++t) states.push_back(at.at("x_" + std::to_string(t)));
  const Mask there = !isnan(data.y);
  std::printf("%lld sequences of 5 to %lld counts, %lld of %lld cells; fitted in %.2f s\n\n",
              static_cast<long long>(kSequences), static_cast<long long>(kLongest),
              static_cast<long long>(there.count()), static_cast<long long>(there.numel()),
              fit.seconds);
  std::puts("            truth   fitted");
  const auto row = [&](const char* name, Real truth) {
    std::printf("%-10s %6.2f %8.2f\n", name, static_cast<double>(truth),
                static_cast<double>(at.at(name).item()));
  };
  row("phi", kPhi);
  row("sigma", kSigma);
  row("m", kMean);
  const double r = correlation(stack(states, 0), data.x, there);
  std::printf("\nhidden states: correlation with the true ones %.3f\n", r);
  const auto near = [&](const char* name, Real truth, Real by) {
    return std::abs(at.at(name).item() - truth) < by;
  };
  return near("phi", kPhi, Real(0.1)) && near("sigma", kSigma, Real(0.1)) &&
                 near("m", kMean, Real(0.15)) && r > 0.85
             ? 0
             : 1;
}
