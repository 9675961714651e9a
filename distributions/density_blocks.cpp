// Densities block by block: the numbers that an input has for a block are brought together where
// they do not stand so, derivatives are summed or taken to where they belong.
#include <algorithm>
#include <vector>

#include <ember/core/broadcast.hpp>
#include <ember/core/pieces.hpp>
#include <ember/distributions/density_work.hpp>

namespace ember::distributions {
namespace {

using detail::kBlock;
using detail::sum_of;
using Block = detail::ElementBlock;

// What a thread works with: blocks of gathered numbers and of derivatives, and what it has summed
// up.
struct Scratch {
  Sums sums;
  std::array<Real*, kMaxInputs> values, gradients;
  std::array<Real, 2 * kMaxInputs * kBlock> stack;
  std::array<std::int64_t, kBlock> wide;  // the mask of a block, see SumKernel
};

class Blocks {
 public:
  explicit Blocks(const DensityWork& work) : work_(work), kernel_(work.kernel) {}

  Sums all() const {
    const detail::MaskBytes* mask = work_.visible.bytes().get();
    const bool rowwise = kernel_.row_inputs != 0;
    const detail::ElementBlocks blocks(work_.numel, mask,
                                       mask != nullptr && work_.walks_list(*mask),
                                       rowwise ? kRowBlock : kBlock);
    const Index nanoseconds = blocks.elements() * (rowwise ? 2 * work_.row : 2);
    return detail::sum_blocks<Scratch>(
        blocks.size(), can_share_work() ? nanoseconds : 0, [&](Scratch& scratch) { open(scratch); },
        [&](Index b, Scratch& scratch) {
          blocks.visit(b, [&](const Block& block) { compute(block, scratch); });
        });
  }

 private:
  // Whether no two elements write to one derivative.
  bool can_share_work() const {
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const DensityInput& input = work_.inputs[k];
      if (input.partial != nullptr && input.reduced && !work_.is_uniform(k)) return false;
    }
    return true;
  }

  // On the stack, or where rows are long in memory that the thread keeps.
  void open(Scratch& scratch) const {
    const Index longest =
        kernel_.row_inputs != 0 ? kRowBlock * work_.row : std::min(work_.numel, kBlock);
    Real* next = scratch.stack.data();
    const auto needed = static_cast<std::size_t>(2 * longest) * kernel_.inputs;
    if (needed > scratch.stack.size()) {
      thread_local std::vector<Real> large;
      if (large.size() < needed) large.resize(needed);
      next = large.data();
    }
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const DensityInput& input = work_.inputs[k];
      scratch.values[k] = next;
      scratch.gradients[k] = next + longest;
      next += 2 * longest;
      if (input.layout != Layout::uniform || work_.has_rows(k) || work_.is_uniform(k)) continue;
      std::fill_n(scratch.values[k], longest, *input.values);
    }
  }

  void compute(const Block& block, Scratch& scratch) const {
    const Real* in[kMaxInputs];
    Real* partials[kMaxInputs];
    bool scatters[kMaxInputs];
    std::array<Index, kBlock> offsets;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const DensityInput& input = work_.inputs[k];
      if (work_.is_uniform(k)) {
        in[k] = input.values;
        partials[k] = nullptr;
        scatters[k] = false;
        continue;
      }
      const bool in_place =
          input.layout == Layout::full && block.list == nullptr && !work_.has_rows(k);
      in[k] = in_place ? input.values + block.begin : gather(k, block, scratch, offsets.data());
      scatters[k] = input.partial != nullptr && !(in_place && !input.reduced);
      partials[k] = input.partial == nullptr ? nullptr
                    : scatters[k]            ? scratch.gradients[k]
                                             : input.partial + block.begin;
    }
    if (work_.sum_kernel != nullptr) {
      const bool is_masked = block.kept != nullptr;
      if (is_masked) widen(block, scratch.wide.data());
      const auto add =
          work_.sum_kernel->block(work_.wants_partials(), partials[0] != nullptr, is_masked);
      add(block.n, in, scratch.wide.data(), partials, scratch.sums);
    } else {
      compute_elements(block, in, partials, scratch);
    }
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      if (scatters[k]) scatter(k, block, scratch.gradients[k], offsets.data());
    }
  }

  void compute_elements(const Block& block, const Real* const* in, Real* const* partials,
                        Scratch& scratch) const {
    Real results[kBlock];
    Real* out = !work_.total && block.list == nullptr && block.kept == nullptr
                    ? work_.out + block.begin
                    : results;
    (work_.wants_partials() ? kernel_.with_partials : kernel_.value_only)(block.n, work_.row, in,
                                                                          out, partials);
    if (work_.total) {
      scratch.sums.log_prob += sum_of(results, block);
    } else if (out == results) {
      for (Index i = 0; i < block.n; ++i) {
        if (block.kept == nullptr || block.kept[i] != 0) work_.out[block[i]] = results[i];
      }
    }
  }

  // Where each element of the block stands in an input.
  void find_offsets(const DensityInput& input, const Block& block, Index* offsets) const {
    if (input.layout == Layout::full) return find_positions(block, offsets);
    if (input.layout == Layout::uniform) {
      std::fill_n(offsets, block.n, Index{0});
      return;
    }
    const detail::BroadcastPlan<1> plan(work_.elements, {&input.shape});
    for (Index i = 0; i < block.n; ++i) offsets[i] = plan.offsets_at(block[i])[0];
  }
  static void find_positions(const Block& block, Index* positions) {
    for (Index i = 0; i < block.n; ++i) positions[i] = block[i];
  }

  const Real* gather(std::size_t k, const Block& block, Scratch& scratch, Index* offsets) const {
    const DensityInput& input = work_.inputs[k];
    const Real* from = input.values;
    Real* to = scratch.values[k];
    if (work_.has_rows(k)) {
      find_offsets(input, block, offsets);
      if (block.list != nullptr && input.layout == Layout::full) {
        for (Index i = block.n; i < std::min(2 * block.n, block.n + block.coming); ++i) {
          const Real* row = from + block.list[i] * input.row;
          __builtin_prefetch(row);
          __builtin_prefetch(row + input.row - 1);
        }
      }
      for (Index i = 0; i < block.n; ++i) {
        const Real* row = from + offsets[i] * input.row;
        for (Index c = 0; c < input.row; ++c) to[c * block.n + i] = row[c];
      }
    } else if (input.layout == Layout::full) {
      detail::gather(from, block.list, block.n, to);
    } else if (input.layout == Layout::strided) {
      find_offsets(input, block, offsets);
      detail::gather(from, offsets, block.n, to);
    }
    return to;
  }

  void scatter(std::size_t k, const Block& block, const Real* from, Index* offsets) const {
    const DensityInput& input = work_.inputs[k];
    if (input.layout == Layout::uniform && input.reduced && !work_.has_rows(k)) {
      *input.partial += sum_of(from, block);
      return;
    }
    if (input.reduced || work_.has_rows(k)) {
      input.reduced ? find_offsets(input, block, offsets) : find_positions(block, offsets);
      for (Index i = 0; i < block.n; ++i) {
        if (block.kept != nullptr && block.kept[i] == 0) continue;
        Real* to = input.partial + offsets[i] * input.row;
        for (Index c = 0; c < input.row; ++c) {
          to[c] = input.reduced ? to[c] + from[c * block.n + i] : from[c * block.n + i];
        }
      }
      return;
    }
    if (block.list != nullptr) return detail::scatter(from, block.list, block.n, input.partial);
    for (Index i = 0; i < block.n; ++i) {
      if (block.kept == nullptr || block.kept[i] != 0) input.partial[block.begin + i] = from[i];
    }
  }

  const DensityWork& work_;
  const Kernel& kernel_;
};

}  // namespace

Sums add_blocks(const DensityWork& work) { return Blocks(work).all(); }

}  // namespace ember::distributions
