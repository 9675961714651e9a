// What a density leaves on the tape for its reverse pass: the derivatives that it computed on the
// way, for each operand.
#pragma once

#include <array>

#include <ember/core/shape.hpp>
#include <ember/distributions/density.hpp>

namespace ember::distributions {

/// Derivatives by operand.
struct DensityRecord {
  std::array<Real*, kMaxInputs> partial{};
  std::array<Index, kMaxInputs> row{};
  unsigned row_inputs = 0;
  bool total = false;
  Shape elements;
};

}  // namespace ember::distributions
