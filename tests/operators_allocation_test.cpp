// In steady state operators and their gradients take nothing from the heap, whatever is reached.
#include "allocations.hpp"

#include <ember/core/tape.hpp>

#include "catch.hpp"
#include "operator_inputs.hpp"

using namespace ember;
using namespace ember::testing;

namespace {

constexpr std::size_t kMostInputs = 40;

// The allocations of an operator of leaves, of a sum of what `mask` keeps, and of its gradient.
std::size_t step(const Case& c, const Mask& mask) {
  const std::size_t before = allocations();
  {
    detail::Recording recording;
    std::array<Tensor, kMostInputs> leaves;
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      leaves[k] = detail::Recording::leaf(c.inputs[k]);
    }
    const Tensor y = c.f({leaves.data(), c.inputs.size()});
    recording.backward(sum(where(mask, y, 0)));
  }
  return allocations() - before;
}

void check(const char* op, const Case& c) {
  INFO(op << " " << c.name);
  REQUIRE(c.inputs.size() <= kMostInputs);
  for (const double kept : {1.0, 0.6, 0.15}) {
    const Mask mask = numbers(c.shape, 0, 1, 3) < kept;
    for (int i = 0; i < 3; ++i) step(c, mask);
    INFO(mask.count() << " of " << mask.numel() << " reached");
    CHECK(step(c, mask) == 0);
  }
}

}  // namespace

TEST_CASE("operators and their gradients take nothing from the heap in steady state") {
  if (!kCountsAllocations) return;
#define EMBER_OPERATOR(name) \
  for (const Case& c : Inputs<detail::Op::name>::cases()) check(#name, c);
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}
