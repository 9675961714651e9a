#include <ember/core/op.hpp>

namespace ember::detail {

constinit const Backward kBackward[] = {
    nullptr,
#define EMBER_OPERATOR(name) backward_##name,
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
};

constinit const Forward kForward[] = {
    nullptr,
#define EMBER_OPERATOR(name) nullptr,
#define EMBER_OPERATOR_OF_NODES(name) forward_##name,
#include <ember/core/operators.def>
#undef EMBER_OPERATOR_OF_NODES
#undef EMBER_OPERATOR
};

namespace {

constexpr const char* kNames[] = {
    "leaf",
#define EMBER_OPERATOR(name) #name,
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
};

}  // namespace

const char* name_of(Op op) { return kNames[static_cast<std::size_t>(op)]; }

}  // namespace ember::detail
