// A long fit takes no more memory than a short one: the live bytes of the heap are the same after
// the first steps and at the end.
#include <malloc.h>

#include <cmath>

#include <ember/core/sanitizer.hpp>
#include <ember/ember.hpp>

#include "allocations.hpp"
#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

void schools() {
  static const Tensor y = tensor({28., 8., -3., 7., -1., 1., 18., 12.});
  static const Tensor sigma = tensor({15., 10., 16., 11., 9., 11., 10., 18.});
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  plate schools("schools", 8);
  const Tensor z = sample("z", dist::Normal(0, 1));
  sample("y", dist::Normal(mu + tau * z, sigma), {.obs = y});
}

void subsampled() {
  static const Tensor y = arange(1000) * 0.001;
  const Tensor mu = sample("mu", dist::Normal(0, 1));
  plate rows("rows", 1000, {.subsample_size = 50});
  sample("y", dist::Normal(mu, 1), {.obs = rows.subsample(y)});
}

std::size_t live_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// Of all steps after the first ones, none of which keeps anything.
void check_steady(void (*model)(), int first, int steps) {
  if (!ember::testing::kCountsAllocations) return;
  param_store().clear();
  set_rng_seed(3);
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.001}), infer::TraceELBO());
  for (int i = 0; i < first; ++i) svi.step();
  const std::size_t before = live_bytes();
  bool is_finite = true;
  for (int i = first; i < steps; ++i) is_finite = std::isfinite(svi.step()) && is_finite;
  CHECK(live_bytes() == before);
  CHECK(is_finite);
}

}  // namespace

TEST_CASE("memory is steady") {
  check_steady(schools, 1000, 10000);
  check_steady(subsampled, 500, 2000);
}

TEST_CASE("memory is steady for long", "[.long]") {
  check_steady(schools, 1000, 1000000);
  check_steady(subsampled, 1000, 100000);
}
