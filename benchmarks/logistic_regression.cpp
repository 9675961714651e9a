// Row 8: logistic regression, 10000 x 50, one step of SVI, beside two passes over the matrix.
#include <algorithm>

#include "common/mean_field.hpp"
#include "common/svi_row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kRows = 10'000, kColumns = 50;

struct Data {
  Tensor x = dist::Normal(0, 1).expand({kRows, kColumns}).sample();
  Tensor y;
  Data() {
    const Tensor w = dist::Normal(0, 1).expand({kColumns}).sample();
    y = dist::Bernoulli({.logits = matmul(x, w)}).sample();
  }
};

void model(const Data& d) {
  const Tensor w = sample("w", dist::Normal(0, 1).expand({kColumns}).to_event(1));
  plate rows("rows", kRows);
  sample("y", dist::Bernoulli({.logits = matmul(d.x, w)}), {.obs = d.y});
}

struct ByHand : bench::MeanField<ByHand> {
  explicit ByHand(const Data& d) : MeanField({kColumns}), matrix(d.x), y(d.y) {}

  static std::vector<double> store() { return bench::mean_field_parameters({"w"}); }
  static std::vector<double> draws() {
    std::vector<double> out;
    bench::append_draws(out, "w", {kColumns});
    return out;
  }

  Tensor matrix, y;

  // A chunk of rows stays in the cache between the pass for the logits and that for the gradient.
  double cost() {
    const Real* rows = matrix.data().data();
    const Real* outcome = y.data().data();
    const double* w = x.data();
    double* dw = dx.data();
    double sum = kColumns * special::kHalfLogTwoPi;
#pragma omp simd reduction(+ : sum)
    for (Index k = 0; k < kColumns; ++k) {
      sum += 0.5 * w[k] * w[k];
      dw[k] = w[k];
    }
    constexpr Index kChunk = 40;
    double logits[kChunk], residual[kChunk];
    for (Index begin = 0; begin < kRows; begin += kChunk) {
      for (Index i = 0; i < kChunk; ++i) {
        const Real* row = rows + (begin + i) * kColumns;
        double dot = 0;
#pragma omp simd reduction(+ : dot)
        for (Index k = 0; k < kColumns; ++k) dot += row[k] * w[k];
        logits[i] = dot;
      }
#pragma omp simd reduction(+ : sum)
      for (Index i = 0; i < kChunk; ++i) {
        const double l = logits[i];
        const double e = special::exp(l < 0 ? l : -l);
        const double inverse = 1 / (1 + e);
        sum += special::log1p(e) + (l < 0 ? 0 : l) - outcome[begin + i] * l;
        residual[i] = (l < 0 ? e * inverse : inverse) - outcome[begin + i];
      }
      for (Index i = 0; i < kChunk; ++i) {
        const Real* row = rows + (begin + i) * kColumns;
#pragma omp simd
        for (Index k = 0; k < kColumns; ++k) dw[k] += residual[i] * row[k];
      }
    }
    return sum;
  }
};
static_assert(kRows % 40 == 0, "whole chunks");

const bool kAdded = bench::add_svi_row<&model, Data, ByHand>("8.logistic");

}  // namespace
