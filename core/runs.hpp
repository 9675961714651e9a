// Copies of elements: every result element is one of the operand's, so that forward is a list of
// runs to copy, and backward and reach follow it back.
#pragma once

#include <algorithm>

#include <ember/core/reach.hpp>

namespace ember::detail {

/// The result made of runs of `run` neighbours: run r begins with the operand's element from(r).
template <class F>
Tensor copy_runs(Op op, Node& in, const Shape& shape, Index run, F from) {
  Node* out = new_result(op, shape, {&in});
  Tensor result(out);
  const Index runs = run == 0 ? 0 : out->numel / run;
  Index* starts = nullptr;
  if (out->op != Op::leaf) {
    starts = Tape::current().allocate_auxiliary<Index>(static_cast<std::size_t>(runs));
    out->aux = starts;
    out->ints = {run, runs, 0, 0};
  }
  const Real* value = values(in);
  if (run == 1 && starts == nullptr) {
    for (Index r = 0; r < runs; ++r) out->value[r] = value[from(r)];
  } else if (run == 1) {
    for (Index r = 0; r < runs; ++r) out->value[r] = value[starts[r] = from(r)];
  } else {
    for (Index r = 0; r < runs; ++r) {
      const Index at = from(r);
      std::copy_n(value + at, run, out->value + r * run);
      if (starts != nullptr) starts[r] = at;
    }
  }
  return result;
}

/// Copies the runs of copy_runs again.
void copy_again(Node& node);
/// Backward of copy_runs: adjoints go back to where the elements came from; nobody else of the
/// operand is reached.
void return_runs(Node& node);

}  // namespace ember::detail
