#include <ember/distributions/density_record.hpp>

#include <ember/core/reach.hpp>

namespace ember::distributions {

using detail::Node;

void WholeCall::run(Index n, std::span<Node* const> inputs, const DensityRecord* record,
                    Real* out) const {
  static constexpr std::array<Real*, kMaxInputs> kNone{};
  Real* const* partials = record != nullptr ? record->partial.data() : kNone.data();
  const Real* in[kMaxInputs];
  for (std::size_t k = 0; k < inputs.size(); ++k) in[k] = detail::values(*inputs[k]);
  if (one != nullptr) return one(1, 1, in, out, partials);
  Sums sums;
  sum(n, in, nullptr, partials, sums);
  *out = static_cast<Real>(sums.log_prob);
  if (uniform == 0) return;
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    const bool is_uniform = (uniform >> k & 1U) != 0;
    if (is_uniform && partials[k] != nullptr) *partials[k] = static_cast<Real>(sums.partial[k]);
  }
}

DensityRecord& open_record(Node& out, const Kernel& kernel, bool total, const Shape& elements,
                           const Mask& visible) {
  auto* record = new (detail::Tape::current().allocate_auxiliary<DensityRecord>(1)) DensityRecord;
  record->kernel = &kernel;
  record->total = total;
  record->elements = elements;
  out.aux = record;
  out.mask = detail::as_reach(visible);
  return *record;
}

}  // namespace ember::distributions
