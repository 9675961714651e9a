// What the tests of values that wait need: masks of every density, and a way to settle.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

inline ember::Mask random_mask(const ember::Shape& shape, double kept, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::bernoulli_distribution is_kept(kept);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.numel()));
  for (auto& byte : bytes) byte = is_kept(engine) ? 1 : 0;
  return ember::Mask::from_bytes(shape, std::move(bytes));
}

/// x without waiting: whoever reads a number has settled it.
inline ember::Tensor settled(const ember::Tensor& x) {
  if (x.numel() > 0) x.data();
  return x;
}
