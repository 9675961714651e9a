// Row 7: one SVI step of a Categorical of logits that a matmul makes, behind an element mask. The
// matmul waits until the density says which rows it wants; in the dense way all of it is computed
// first. What is asked for is relative to the step with all of it kept, and to the dense way.
#include <benchmark/benchmark.h>

#include "common/agreement.hpp"
#include "common/masks.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kB = 1024, kInner = 8, kE = 64, kC = 10;

struct Data {
  Tensor x = dist::Normal(0, 1).expand({kB, kInner}).sample();
  Tensor y;
  Mask mask;
  explicit Data(int kept) : mask(bench::random_mask({kB, kE}, kept)) {
    const Tensor w = dist::Normal(0, 1).expand({kInner, kE * kC}).sample();
    y = dist::Categorical({.logits = matmul(x, w).reshape({kB, kE, kC})}).sample();
  }
};

void model(const Data& d, bool is_dense) {
  const Tensor w = sample("w", dist::Normal(0, 1).expand({kInner, kE * kC}).to_event(2));
  const Tensor logits = reshape(matmul(d.x, w), {kB, kE, kC});
  if (is_dense) benchmark::DoNotOptimize(logits.data());  // asks for all of it
  sample("y", dist::Categorical({.logits = logits}).mask(d.mask), {.obs = d.y});
}

Data data_of(int kept) {
  param_store().clear();
  set_rng_seed(1);
  return Data(kept);
}

class Case {
 public:
  explicit Case(int kept) : data_(data_of(kept)) {}

  double waiting() { return step(false); }
  double dense() { return step(true); }

  void check() {
    guide_.set_up(data_, false);
    set_rng_seed(2);
    const double value = svi_.evaluate_loss(data_, false);
    set_rng_seed(2);
    const double by_all = svi_.evaluate_loss(data_, true);
    bench::expect_agreement("7.matmul_behind_mask", {&value, 1}, {&by_all, 1});
  }

 private:
  double step(bool is_dense) { return static_cast<double>(svi_.step(data_, is_dense)); }

  Data data_;
  infer::AutoNormal<decltype(&model)> guide_{&model};
  infer::SVI<decltype(&model), infer::AutoNormal<decltype(&model)>> svi_{&model, guide_,
                                                                         infer::Adam({.lr = 0.01})};
};

const bool kAdded = [] {
  for (const int kept : {100, 50, 10, 1}) {
    const auto add = [kept](const char* key, double (Case::*run)()) {
      bench::add_row<Case>(key, {{"kept", kept}}, std::round(kB * kE * kept / 100.0),
                           {{"ember", run}}, [=] { return std::make_unique<Case>(kept); });
    };
    add("7.matmul_behind_mask", &Case::waiting);
    add("7.matmul_dense", &Case::dense);
  }
  return true;
}();

}  // namespace
