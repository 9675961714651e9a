#include <ember/distributions/density_work.hpp>

#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/error.hpp>

namespace ember::distributions {

using detail::Node;
using detail::Tape;

DensityWork::DensityWork(const Kernel& of, std::span<Node* const> operands, const Shape& shape,
                         const Mask& mask, bool is_sum)
    : kernel(of),
      nodes(operands),
      elements(shape),
      visible(mask),
      total(is_sum),
      numel(shape.numel()) {
  for (std::size_t k = 0; k < kernel.inputs; ++k) {
    DensityInput& input = inputs[k];
    input.node = nodes[k];
    const Shape* own = &input.node->shape;
    Index n = input.node->numel;
    if (has_rows(k)) {
      input.row = row = own->from_right(1);
      input.shape = own->first(own->rank() - 1);
      own = &input.shape;
      n = own->numel();
    }
    if (own->rank() > 0 && !(*own == elements) && !broadcasts_to(*own, elements)) {
      fail("density", "an input of shape " + to_string(input.node->shape) +
                          " does not broadcast to the elements " + to_string(elements));
    }
    input.layout = n == numel ? Layout::full : n == 1 ? Layout::uniform : Layout::strided;
    if (input.layout == Layout::strided && !has_rows(k)) input.shape = *own;
  }
}

void DensityWork::open_partials(Node& result) {
  Tape& tape = Tape::current();
  DensityRecord& made = open_record(result, kernel, total, elements, visible);
  made.row_inputs = kernel.row_inputs;
  for (std::size_t k = 0; k < kernel.inputs; ++k) {
    DensityInput& input = inputs[k];
    made.row[k] = input.row;
    if (!input.node->requires_grad) continue;
    const bool is_reduced = total && input.layout != Layout::full;
    const Index n = is_reduced ? input.node->numel : numel * input.row;
    Real*& partial = made.partial[k];
    if (!is_reduced && n == input.node->numel) partial = claim_room(*input.node);
    if (partial == nullptr) partial = tape.allocate_reals(n);
  }
  use_partials(made);
}

void DensityWork::use_partials(DensityRecord& to) {
  record = &to;
  for (std::size_t k = 0; k < kernel.inputs; ++k) {
    DensityInput& input = inputs[k];
    input.partial = to.partial[k];
    if (input.partial == nullptr) continue;
    input.reduced = total && input.layout != Layout::full;
    if (input.reduced) std::fill_n(input.partial, input.node->numel, Real{0});
  }
}

void DensityWork::begin() {
  for (std::size_t k = 0; k < kernel.inputs; ++k) inputs[k].values = detail::values(*nodes[k]);
  choose_sum_kernel();
}

// Sums over many elements have kernels of their own.
void DensityWork::choose_sum_kernel() {
  if (!total || kernel.sums == nullptr) return;
  unsigned uniform = 0;
  for (std::size_t k = 1; k < kernel.inputs; ++k) {
    if (inputs[k].layout == Layout::uniform) uniform |= 1U << (k - 1);
  }
  sum_kernel = &kernel.sums[uniform];
  is_listed = sum_kernel->listed != nullptr && wants_partials() &&
              inputs[0].layout == Layout::full && inputs[0].partial == nullptr;
  for (std::size_t k = 1; k < kernel.inputs; ++k) {
    if (is_uniform(k)) continue;
    const DensityInput& input = inputs[k];
    is_listed = is_listed && input.layout == Layout::full && input.partial != nullptr;
  }
}

}  // namespace ember::distributions
