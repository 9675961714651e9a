// What a density is computed of and where its results go: all that the ways to compute it share.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <ember/distributions/density.hpp>
#include <ember/distributions/density_record.hpp>

namespace ember::distributions {

/// How an input meets the elements: a number (or row) for each, one for all, or by broadcasting.
enum class Layout : std::uint8_t { full, uniform, strided };

struct DensityInput {
  detail::Node* node = nullptr;
  const Real* values = nullptr;
  Index row = 1;  // numbers an element
  Shape shape;    // without the row, where it is walked
  Layout layout = Layout::full;
  Real* partial =
      nullptr;  // derivatives, laid out as the elements, or as the input where `reduced`
  bool reduced = false;
};

class DensityWork {
 public:
  /// Errors where an input does not broadcast to the elements.
  DensityWork(const Kernel& kernel, std::span<detail::Node* const> nodes, const Shape& elements,
              const Mask& visible, bool total);

  /// Leaves a record on the tape, with room for the derivatives that somebody wants.
  void open_partials(detail::Node& out);
  /// Derivatives go where a record says.
  void use_partials(DensityRecord& to);
  /// Reads the inputs' values, which those that wait make now, and chooses the kernel.
  void begin();

  bool wants_partials() const { return record != nullptr; }
  bool has_rows(std::size_t k) const { return (kernel.row_inputs >> k & 1U) != 0; }
  /// Whether the sum kernel takes an input as one number.
  bool is_uniform(std::size_t k) const {
    return sum_kernel != nullptr && k > 0 && (sum_kernel->uniform >> (k - 1) & 1U) != 0;
  }
  /// Whether hidden elements are left out along the mask's list; rows always are.
  bool walks_list(const detail::MaskBytes& mask) const {
    return kernel.row_inputs != 0 || pays_to_list(mask, kernel.inputs, sum_kernel);
  }

  const Kernel& kernel;
  std::span<detail::Node* const> nodes;
  const Shape& elements;
  const Mask& visible;
  bool total;   // the sum is wanted, and no element's density
  Index numel;  // of the elements
  Index row = 1;
  std::array<DensityInput, kMaxInputs> inputs;
  DensityRecord* record = nullptr;        // where derivatives are wanted
  const SumKernel* sum_kernel = nullptr;  // null: there is none, or elements are wanted
  bool is_listed = false;                 // elements of a list can be done where they stand
  Real* out = nullptr;

 private:
  void choose_sum_kernel();
};

/// Whether the kernel reads and writes all of it where it stands, and the sum of that.
bool is_in_place(const DensityWork& work);
Sums add_in_place(const DensityWork& work);
/// The call that does all of it in place, where one does.
WholeCall whole_call(const DensityWork& work);

/// Block by block: inputs are brought together, derivatives are taken to where they belong.
Sums add_blocks(const DensityWork& work);

}  // namespace ember::distributions
