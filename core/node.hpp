// What a Tensor is a handle on. Internal: nothing outside of core, distributions and inference sees
// a Node.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>

#include <ember/core/error.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/op.hpp>
#include <ember/core/sources.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

class Owed;
class Tape;

enum class Owner : std::uint8_t { heap, tape };

/// Plain data. A heap node owns its buffer (or a share of `base`, whose numbers it shows under
/// another shape). A tape node is a slot that its tape uses again when the recording ends; its
/// buffers lie in the tape's arenas.
struct Node {
  // Atomic for heap nodes; tape nodes are touched by one thread and use plain loads and stores of
  // it.
  std::atomic<std::int32_t> count{0};
  Owner owner = Owner::heap;
  Op op = Op::leaf;
  bool requires_grad = false;
  bool has_adjoint = false;
  std::int32_t position = 0;  // in the tape: operands stand before their results
  std::int32_t operand_count = 0;

  Shape shape;
  Index numel = 1;
  Real* value = nullptr;  // row-major, written once; null as long as the node owes its values
  Real scalar = 0;        // the value where numel is 1
  Real scalar_adjoint = 0;

  Node* base = nullptr;    // the heap node whose numbers these are
  void* buffer = nullptr;  // of an owning heap node

  Tape* tape = nullptr;
  Node** operands = nullptr;
  Real* adjoint = nullptr;           // defined on `reach` only
  const MaskBytes* reach = nullptr;  // where the adjoint can be non-zero; null: everywhere
  const MaskBytes* mask = nullptr;   // attributes of the operator
  std::array<Index, 4> ints{};
  std::array<Real, 2> reals{};
  void* aux = nullptr;
  Owed* owed = nullptr;  // what its values are to be made of: see owed.hpp

  const Node* origin =
      nullptr;  // what a transform made this from, and which one: its inverse needs no work
  const void* origin_transform = nullptr;

  Sources sources = nullptr;  // the sites that it comes from, where that is recorded

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
};

/// A fresh heap node of a shape; its values are to be written by the caller.
Node* new_heap_node(const Shape& shape);
/// A heap node that shows the numbers of another one under a shape of the same number of elements.
Node* new_heap_view(Node& base, const Shape& shape);
void destroy(Node* node) noexcept;
void destroy(Owed* owed) noexcept;

/// The values of a heap tensor, to be written: a copy takes their place where somebody else holds
/// them.
Real* own_values(Tensor& x);

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

}  // namespace ember::detail
