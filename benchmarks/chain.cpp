// Row 12: a chain of six element-wise operators and its sum, forward and backward, beside one loop
// that computes value and derivative together.
#include <ember/core/special.hpp>

#include "common/agreement.hpp"
#include "common/masks.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

class Case {
 public:
  explicit Case(Index n)
      : x_(dist::Normal(0, 1).expand({n}).sample()),
        w_(dist::Normal(0, 1).expand({n}).sample()),
        gradient_(static_cast<std::size_t>(n)) {}

  double ember() { return static_cast<double>(record(nullptr)); }

  double fused() {
    const Real* x = x_.data().data();
    const Real* w = w_.data().data();
    double* g = gradient_.data();
    const Index n = x_.numel();
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (Index i = 0; i < n; ++i) {
      const double z = w[i] * x[i] - 0.5;
      const double e = special::exp(-0.5 * z * z);
      total += 1 + e;
      g[i] = -e * z * w[i];
    }
    return total;
  }

  void check() {
    std::vector<double> adjoints;
    const auto value = static_cast<double>(record(&adjoints));
    const double by_hand = fused();
    bench::expect_agreement("12.chain", {&value, 1}, {&by_hand, 1});
    bench::expect_agreement("12.chain, gradient", adjoints, gradient_);
  }

 private:
  Real record(std::vector<double>* adjoints) {
    return bench::value_and_adjoints(
        inputs_, leaves_,
        [&](const auto& in) { return sum(exp(square(in[0] * w_ - 0.5) * -0.5) + 1); }, adjoints);
  }

  Tensor x_, w_;
  std::vector<double> gradient_;
  std::vector<Tensor> inputs_{x_}, leaves_;
};

const bool kAdded = [] {
  for (const Index n : {16'384, 1'000'000}) {
    bench::add_row<Case>("12.chain", {{"n", n}}, static_cast<double>(n),
                         {{"ember", &Case::ember}, {"hand_fused", &Case::fused}},
                         [=] { return std::make_unique<Case>(n); });
  }
  return true;
}();

}  // namespace
