#include <ember/core/runs.hpp>

namespace ember::detail {
namespace {

// Whether every element of the operand is in the result.
bool takes_all(Op op) { return op == Op::permute; }

}  // namespace

void copy_again(Node& n) {
  const auto* starts = static_cast<const Index*>(n.aux);
  const Real* from = values(*n.operands[0]);
  const Index run = n.ints[0];
  for (Index r = 0; r < n.ints[1]; ++r) {
    if (run == 1) {
      n.value[r] = from[starts[r]];
    } else {
      std::copy_n(from + starts[r], run, n.value + r * run);
    }
  }
}

void return_runs(Node& n) {
  Node& in = *n.operands[0];
  const auto* starts = static_cast<const Index*>(n.aux);
  const Index run = n.ints[0];
  const Index runs = n.ints[1];
  const auto source = [&](Index i) { return run == 1 ? starts[i] : starts[i / run] + i % run; };
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr || !takes_all(n.op)) {
    Bytes bytes(static_cast<std::size_t>(in.numel));
    if (n.reach == nullptr && run == 1) {
      for (Index r = 0; r < runs; ++r) bytes[static_cast<std::size_t>(starts[r])] = 1;
    } else if (n.reach == nullptr) {
      for (Index r = 0; r < runs; ++r) std::fill_n(bytes.data() + starts[r], run, 1);
    } else {
      for_reached(n.numel, n.reach,
                  [&](Index i) { bytes[static_cast<std::size_t>(source(i))] = 1; });
    }
    const Mask mask = Mask::from_bytes(in.shape, std::move(bytes));
    if (mask.is_none() || in.numel == 0) return;
    reach = as_reach(mask);
  }
  Real* out = open_sum(in, reach);
  if (n.reach != nullptr) {
    for_reached(n.numel, n.reach, [&](Index i) { out[source(i)] += n.adjoint[i]; });
    return;
  }
  if (run == 1) {
    for (Index r = 0; r < runs; ++r) out[starts[r]] += n.adjoint[r];
    return;
  }
  for (Index r = 0; r < runs; ++r) {
    Real* to = out + starts[r];
    const Real* from = n.adjoint + r * run;
#pragma omp simd
    for (Index i = 0; i < run; ++i) to[i] += from[i];
  }
}

}  // namespace ember::detail
