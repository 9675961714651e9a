// What a density leaves on the tape for its reverse pass: the derivatives that it computed on the
// way, for each operand.
#pragma once

#include <array>

#include <ember/core/shape.hpp>
#include <ember/distributions/density.hpp>

namespace ember::distributions {

/// What was computed, and its derivatives by operand.
struct DensityRecord {
  const Kernel* kernel = nullptr;
  std::array<Real*, kMaxInputs> partial{};
  std::array<Index, kMaxInputs> row{};
  unsigned row_inputs = 0;
  bool total = false;
  Shape elements;
  /// Where one call did it all: of the kernel, or of a sum's, with the inputs that this takes as
  /// uniform.
  Kernel::Block single = nullptr;
  SumKernel::Block whole = nullptr;
  unsigned uniform = 0;
};

}  // namespace ember::distributions
