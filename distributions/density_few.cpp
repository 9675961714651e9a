#include <ember/distributions/density_few.hpp>

#include <ember/core/rerun.hpp>
#include <ember/distributions/density_record.hpp>

namespace ember::distributions {
namespace {

using detail::Node;
using detail::Tape;

// Of inputs that have a number for each element or one for all.
class Few {
 public:
  Few(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements)
      : kernel_(kernel), inputs_(inputs), elements_(elements), numel_(elements.numel()) {}

  bool can_run(const Mask& visible) {
    constexpr Index kMost = 64;
    if (numel_ < 1 || numel_ > kMost || kernel_.sums == nullptr || !visible.is_all()) return false;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Node& node = *inputs_[k];
      if (node.owed != nullptr) return false;
      if (node.shape == elements_) continue;
      if (k == 0 || node.shape.rank() != 0) return false;
      if (numel_ > 1) uniform_ |= 1U << (k - 1);
    }
    return kernel_.sums[uniform_].uniform == uniform_;
  }

  Tensor run(const Mask& visible) {
    Node* out = detail::new_result(detail::Op::density, Shape(), inputs_);
    Tensor result(out);
    detail::add_sources(result, visible.sources());
    const bool wants_partials = out->requires_grad;
    if (!wants_partials && out->op != detail::Op::leaf) detail::refuse_rerun();
    WholeCall call;
    if (numel_ == 1) {
      call.one = wants_partials ? kernel_.with_partials : kernel_.value_only;
    } else {
      call.sum = kernel_.sums[uniform_].block(wants_partials, inputs_[0]->requires_grad, false);
      call.uniform = uniform_ << 1U;
    }
    DensityRecord* record = nullptr;
    if (wants_partials) {
      record = &open_record(*out, kernel_, true, elements_, visible);
      open_partials(*record);
      record->call = call;
    }
    call.run(numel_, inputs_, record, out->value);
    return result;
  }

 private:
  bool is_uniform(std::size_t k) const { return k > 0 && (uniform_ >> (k - 1) & 1U) != 0; }

  void open_partials(DensityRecord& record) const {
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      Node& node = *inputs_[k];
      record.row[k] = 1;
      if (!node.requires_grad) continue;
      if (!is_uniform(k)) record.partial[k] = claim_room(node);
      if (record.partial[k] == nullptr) {
        record.partial[k] = Tape::current().allocate_reals(node.numel);
      }
    }
  }

  const Kernel& kernel_;
  std::span<Node* const> inputs_;
  const Shape& elements_;
  Index numel_;
  unsigned uniform_ = 0;
};

}  // namespace

Tensor density_sum_of_few(const Kernel& kernel, std::span<Node* const> inputs,
                          const Shape& elements, const Mask& visible) {
  Few few(kernel, inputs, elements);
  return few.can_run(visible) ? few.run(visible) : Tensor();
}

}  // namespace ember::distributions
