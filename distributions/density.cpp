#include <ember/distributions/density.hpp>

#include <algorithm>

#include <ember/core/rerun.hpp>
#include <ember/distributions/density_expression.hpp>
#include <ember/distributions/density_few.hpp>
#include <ember/distributions/density_work.hpp>

namespace ember::distributions {
namespace {

using detail::Node;
using detail::Op;

// The sum, and the derivatives by inputs that are one number.
void close_sums(const DensityWork& work, const Sums& sums) {
  *work.out = static_cast<Real>(sums.log_prob);
  for (std::size_t k = 1; k < work.kernel.inputs; ++k) {
    Real* partial = work.inputs[k].partial;
    if (work.is_uniform(k) && partial != nullptr) *partial = static_cast<Real>(sums.partial[k]);
  }
}

void compute(DensityWork& work) {
  work.begin();
  if (const WholeCall call = whole_call(work); call.is_there()) {
    if (work.record != nullptr) work.record->call = call;
    return call.run(work.numel, work.nodes, work.record, work.out);
  }
  const Sums sums = is_in_place(work) ? add_in_place(work) : add_blocks(work);
  if (work.total) close_sums(work, sums);
}

// Hidden elements, and sums that are added to, begin at zero.
void clear_result(const DensityWork& work, const Node& out) {
  if (work.total || work.visible.bytes()) std::fill_n(work.out, out.numel, Real{0});
}

Tensor compute_density(DensityWork work) {
  Node* out = detail::new_result(Op::density, work.total ? Shape() : work.elements, work.nodes);
  Tensor result(out);
  detail::add_sources(result, work.visible.sources());
  work.out = out->value;
  if (work.visible.is_none() || work.numel == 0) {
    std::fill_n(out->value, out->numel, Real{0});
    out->requires_grad = false;
    out->varies = false;
    out->op = Op::leaf;
    return result;
  }
  clear_result(work, *out);
  if (out->requires_grad) {
    work.open_partials(*out);
  } else if (out->op != Op::leaf) {
    detail::refuse_rerun();  // it varies, and leaves no record
  }
  compute(work);
  return result;
}

}  // namespace

Tensor density(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements,
               const Mask& visible) {
  return compute_density({kernel, inputs, elements, visible, false});
}

Tensor density_sum(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements,
                   const Mask& visible) {
  if (Tensor few = density_sum_of_few(kernel, inputs, elements, visible); few.defined()) return few;
  if (!visible.is_none() && is_of_expressions(kernel, inputs, elements)) {
    return density_sum_of_expressions(kernel, inputs, elements, visible);
  }
  return compute_density({kernel, inputs, elements, visible, true});
}

}  // namespace ember::distributions

namespace ember::detail {

namespace {

// Apart, or its registers would be saved at each call.
[[gnu::noinline]] void compute_again(Node& n, distributions::DensityRecord& record,
                                     std::span<Node* const> operands) {
  const Mask visible = n.mask != nullptr
                           ? Mask::from_shared(record.elements, n.mask->shared_from_this())
                           : Mask::filled(record.elements, true);
  distributions::DensityWork work(*record.kernel, operands, record.elements, visible, record.total);
  work.out = n.value;
  distributions::clear_result(work, n);
  work.use_partials(record);
  distributions::compute(work);
}

}  // namespace

void forward_density(Node& n) {
  auto& record = *static_cast<distributions::DensityRecord*>(n.aux);
  const std::span<Node* const> operands(n.operands, static_cast<std::size_t>(n.operand_count));
  if (!record.call.is_there()) return compute_again(n, record, operands);
  record.call.run(n.operands[0]->numel, operands, &record, n.value);
}

}  // namespace ember::detail
