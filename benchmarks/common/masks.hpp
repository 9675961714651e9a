// What the benchmarks of densities share: masks, and a recording whose cost is that of a density
// and its reverse pass, as in a step of SVI.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <ember/core/mask_bytes.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

namespace bench {

/// The densities of masks that rows 4 to 6 are measured at, in percent.
inline constexpr int kKept[] = {100, 90, 50, 25, 10, 3, 1};

/// Keeps `percent` of the elements, chosen at random in runs of so many neighbours.
inline ember::Mask random_mask(const ember::Shape& shape, double percent, ember::Index run = 1) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.numel()));
  const auto step = static_cast<std::size_t>(run);
  auto runs = static_cast<double>((bytes.size() + step - 1) / step);
  double wanted = std::max(1.0, std::round(runs * percent / 100));
  ember::detail::ElementEngine engine(ember::detail::RandomKey{7}, 0);
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    const bool kept = engine.uniform() * runs-- < wanted;  // exactly as many as wanted
    if (!kept) continue;
    --wanted;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(i),
              bytes.begin() + static_cast<std::ptrdiff_t>(std::min(i + step, bytes.size())),
              std::uint8_t{1});
  }
  return ember::Mask::from_bytes(shape, std::move(bytes));
}

/// The numbers of a tensor as doubles, behind those that are there.
inline void append(std::vector<double>& out, const ember::Tensor& x) {
  for (const ember::Real v : x.data()) out.push_back(static_cast<double>(v));
}

/// f(leaves) and its reverse pass; gives the value. `inputs` become leaves. The gradients are taken
/// out where somebody asks for them.
template <class F>
ember::Real value_and_adjoints(const std::vector<ember::Tensor>& inputs,
                               std::vector<ember::Tensor>& leaves, F f,
                               std::vector<double>* adjoints = nullptr) {
  const ember::detail::Recording recording;
  leaves.clear();
  for (const ember::Tensor& input : inputs) leaves.push_back(ember::detail::Recording::leaf(input));
  ember::Real value = 0;
  {
    const ember::Tensor result = f(leaves);
    value = result.item();
    ember::detail::Tape::current().backward(result.node(), 1);
  }
  for (const ember::Tensor& leaf : leaves) {
    if (adjoints != nullptr) append(*adjoints, ember::detail::adjoint_of(leaf));
  }
  leaves.clear();
  return value;
}

}  // namespace bench
