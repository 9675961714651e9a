// What a Tensor is a handle on. Internal: nothing outside of core, distributions and inference sees
// a Node.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include <ember/core/error.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/op.hpp>
#include <ember/core/sources.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

class Owed;
class Tape;

/// What is null in every new node.
struct NodeLinks {
  Node* base = nullptr;             // the heap node whose numbers these are
  const MaskBytes* mask = nullptr;  // attributes of the operator
  void* aux = nullptr;              // of a leaf: room for its adjoint, or null
  Owed* owed = nullptr;             // what its values are to be made of: see owed.hpp
  // What a transform made this from: its inverse needs no work.
  const Node* origin = nullptr;
  Sources sources = nullptr;  // the sites that it comes from, where that is recorded
};

/// Plain data. What operators on few elements read and write lies in the first three cache lines. A
/// heap node owns its buffer (or a share of `base`, whose numbers it shows under another shape). A
/// tape node is a slot that its tape uses again when the recording ends; its buffers lie in the
/// tape's arenas.
struct alignas(64) Node : HandleCount, NodeLinks {
  Op op = Op::leaf;
  bool requires_grad = false;
  bool varies = false;  // made of draws, in a recording that can be run again: see rerun.hpp
  bool has_adjoint = false;
  std::int32_t position = 0;  // in the tape: operands stand before their results
  std::int32_t operand_count = 0;

  Node** operands = nullptr;
  Tape* tape = nullptr;
  Index numel = 1;
  Real* value = nullptr;  // row-major, written once; null as long as the node owes its values
  Real scalar = 0;        // the value where numel is 1
  Real scalar_adjoint = 0;
  Real* adjoint = nullptr;           // where has_adjoint; defined on `reach` only
  const MaskBytes* reach = nullptr;  // where the adjoint can be non-zero; null: everywhere

  static constexpr std::size_t kFewOperands = 4;
  std::array<Node*, kFewOperands> few_operands{};  // where there are no more
  Shape shape;
  std::array<Index, 4> ints{};  // attributes of the operator
  std::array<Real, 2> reals{};
  const void* origin_transform = nullptr;  // which one made it from `origin`
  void* buffer = nullptr;                  // of an owning heap node
  /// Of a heap node: what all of its numbers that a mask shows were last found to be, as a
  /// fingerprint of mask and constraint; 0: nothing yet.
  std::atomic<std::uint64_t> known{0};

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
};

/// A fresh heap node of a shape; its values are to be written by the caller. Where there is not
/// enough memory, the error names the operator.
Node* new_heap_node(const Shape& shape, Op op = Op::leaf);
/// A heap node that shows the numbers of another one under a shape of the same number of elements.
Node* new_heap_view(Node& base, const Shape& shape);
void destroy(Owed* owed) noexcept;

/// Room for the numbers of a heap node.
void* allocate_buffer(Index numel);
/// An error that tells for which tensor, made by which operator, there is no memory.
[[noreturn]] void no_room(Op op, const Shape& shape, const Error& error);
/// Runs f, which takes memory for the numbers of a tensor.
template <class F>
auto for_shape(Op op, const Shape& shape, F f) {
  try {
    return f();
  } catch (const Error& error) {
    no_room(op, shape, error);
  }
}

/// Whether its numbers are other ones where a recording is run again.
inline bool may_vary(const Node& node) { return node.requires_grad || node.varies; }

/// Makes the values that a node owes.
const Real* settle(const Node& node);
/// The node's values, settled where it owes them.
inline const Real* values(const Node& node) {
  // Threads that share a heap tensor may settle it at once.
  const Real* value =
      std::atomic_ref(const_cast<Real*&>(node.value)).load(std::memory_order_acquire);
  return value != nullptr ? value : settle(node);
}
inline const Real* values(const Tensor& x) { return values(x.node()); }

/// A copy of the tensor's numbers takes its place.
Real* replace_by_copy(Tensor& x);
/// The values of a heap tensor, to be written: a copy takes their place where somebody else holds
/// them.
inline Real* own_values(Tensor& x) {
  Node& node = x.node();
  const bool is_alone = node.count.load(std::memory_order_acquire) == 1 && node.base == nullptr;
  if (node.owner != Owner::heap || !is_alone) return replace_by_copy(x);
  node.known.store(0, std::memory_order_relaxed);
  return node.value;
}

}  // namespace ember::detail

namespace ember {

inline detail::Node& Tensor::node() const {
  if (node_ == nullptr) undefined();
  return static_cast<detail::Node&>(*node_);
}
inline Tensor::Tensor(detail::Node* node) noexcept : node_(node) {
  if (node_ != nullptr) detail::retain(node_);
}

}  // namespace ember
