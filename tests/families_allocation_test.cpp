// In steady state the density of a family takes nothing from the heap, nor does its gradient.
#include "allocations.hpp"

#include <array>

#include <ember/core/tape.hpp>

#include "family_cases.hpp"

using namespace family_cases;
using detail::Recording;

namespace {

// The distribution over leaves of this recording, wherever it can be differentiated.
class Step {
 public:
  explicit Step(const Case& c) : case_(c), places_(c.differentiable()), moves_(c.is_continuous()) {}

  // The allocations of a density, its sum and their gradient.
  std::size_t operator()(const Mask& mask) const {
    const std::size_t before = testing::allocations();
    {
      Recording recording;
      std::array<Tensor, 6> at;
      for (std::size_t k = 0; k < case_.parameters.size(); ++k) at[k] = case_.parameters[k];
      for (std::size_t k : places_) at[k] = Recording::leaf(case_.parameters[k]);
      const Tensor value = moves_ ? Recording::leaf(case_.value) : case_.value;
      const dist::Distribution d =
          case_.info->make({at.data(), case_.parameters.size()}).mask(mask);
      recording.backward(sum(d.log_prob(value)) + d.to_event(1).mask(true).log_prob_sum(value));
    }
    return testing::allocations() - before;
  }

 private:
  const Case& case_;
  std::vector<std::size_t> places_;
  bool moves_;
};

}  // namespace

TEST_CASE("densities and their gradients take nothing from the heap in steady state") {
  if (!testing::kCountsAllocations) return;
  const Mask masks[] = {true, mask_of({true, false, true, true, true, false}, kBatch),
                        mask_of({false, false, true, false, false, false}, kBatch)};
  for_each_case([&](const Case& c) {
    const Step step(c);
    for (const Mask& mask : masks) {
      for (int i = 0; i < 3; ++i) step(mask);
      INFO(mask.count() << " of " << mask.numel() << " visible");
      CHECK(step(mask) == 0);
    }
  });
}
