// The identities of the operators: one table, `operators.def`, that the tape and the tests run
// over.
#pragma once

#include <cstdint>

namespace ember::detail {

struct Node;

enum class Op : std::uint8_t {
  leaf,  // an input, a parameter or a constant
#define EMBER_OPERATOR(name) name,
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
};

/// Takes the node's adjoint on to its operands.
using Backward = void (*)(Node& node);
/// Computes the node's values, and what its reverse pass needs, from its operands.
using Forward = void (*)(Node& node);

#define EMBER_OPERATOR(name) void backward_##name(Node& node);
#define EMBER_OPERATOR_OF_NODES(name) \
  EMBER_OPERATOR(name)                \
  void forward_##name(Node& node);
#include <ember/core/operators.def>
#undef EMBER_OPERATOR_OF_NODES
#undef EMBER_OPERATOR

extern const Backward kBackward[];  // by operator
inline Backward backward_of(Op op) { return kBackward[static_cast<std::size_t>(op)]; }
extern const Forward kForward[];  // by operator; null where the node alone does not tell
inline Forward forward_of(Op op) { return kForward[static_cast<std::size_t>(op)]; }
const char* name_of(Op op);

}  // namespace ember::detail
