// What the benchmarks of masked densities share: masks, and a recording whose cost is that of a
// density and its reverse pass, as in a step of SVI.
#pragma once

#include <cstdint>
#include <vector>

#include <ember/core/mask_bytes.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

namespace bench {

/// Keeps `percent` of the elements, chosen at random in runs of so many neighbours.
inline ember::Mask random_mask(const ember::Shape& shape, double percent, ember::Index run = 1) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.numel()));
  ember::detail::ElementEngine engine(ember::detail::RandomKey{7}, 0);
  std::uint8_t kept = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % static_cast<std::size_t>(run) == 0) kept = engine.uniform() * 100 < percent ? 1 : 0;
    bytes[i] = kept;
  }
  return ember::Mask::from_bytes(shape, std::move(bytes));
}

/// f(leaves) and its reverse pass; gives the value. `inputs` become leaves.
template <class F>
ember::Real value_and_adjoints(const std::vector<ember::Tensor>& inputs,
                               std::vector<ember::Tensor>& leaves, F f) {
  const ember::detail::Recording recording;
  leaves.clear();
  for (const ember::Tensor& input : inputs) leaves.push_back(ember::detail::Recording::leaf(input));
  ember::Real value = 0;
  {
    const ember::Tensor result = f(leaves);
    value = result.item();
    ember::detail::Tape::current().backward(result.node(), 1);
  }
  leaves.clear();
  return value;
}

}  // namespace bench
