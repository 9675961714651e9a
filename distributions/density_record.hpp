// What a density leaves on the tape for its reverse pass: the derivatives that it computed on the
// way, for each operand.
#pragma once

#include <array>
#include <span>

#include <ember/core/shape.hpp>
#include <ember/distributions/density.hpp>

namespace ember::distributions {

struct DensityRecord;

/// A call that computes all of a density, where there is one: of one element, or of a sum, with the
/// inputs that it takes as uniform (bit k: input k).
struct WholeCall {
  Kernel::Block one = nullptr;
  SumKernel::Block sum = nullptr;
  unsigned uniform = 0;

  bool is_there() const { return one != nullptr || sum != nullptr; }
  /// For n elements; a record, where derivatives are wanted, takes them.
  void run(Index n, std::span<detail::Node* const> inputs, const DensityRecord* record,
           Real* out) const;
};

/// What was computed, and its derivatives by operand.
struct DensityRecord {
  const Kernel* kernel = nullptr;
  std::array<Real*, kMaxInputs> partial{};
  std::array<Index, kMaxInputs> row{};
  unsigned row_inputs = 0;
  bool total = false;
  Shape elements;
  WholeCall call;
};

/// Opens the record of a density; who computes the derivatives says where they are.
DensityRecord& open_record(detail::Node& out, const Kernel& kernel, bool total,
                           const Shape& elements, const Mask& visible);

}  // namespace ember::distributions
