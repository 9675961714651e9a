// What waits on a tape: its values are made when somebody asks for them, or when the recording ends
// and somebody holds it still.
#include <ember/core/owed.hpp>
#include <ember/core/tape.hpp>

namespace ember::detail {

void Tape::settle(Node& node) {
  check_owner(node, node.op == Op::leaf ? "a constant" : name_of(node.op));
  if (Node* shown = node.owed->shown()) {
    if (shown->owner == Owner::heap) {
      // The node may outlive what the running recording keeps.
      if (static_cast<std::size_t>(node.position) >= frames_.back().memory.nodes) {
        keep(*shown);
      } else {
        node.owed->room = Tensor(shown);
      }
    }
    node.value = const_cast<Real*>(values(*shown));
    if (node.numel == 1) {  // what is held is not copied: see end
      node.scalar = *node.value;
      node.value = &node.scalar;
    }
  } else if (static_cast<std::size_t>(node.position) >= frames_.back().memory.nodes) {
    node.value = node.numel == 1 ? &node.scalar : reals_for(node.op, node.shape);
    try {
      node.owed->fill(node);
    } catch (...) {
      node.value = nullptr;
      throw;
    }
  } else {
    // The memory of the running recording ends before the node does.
    const Tensor room(new_heap_node(node.shape, node.op));
    node.owed->fill(room.node());
    if (node.numel == 1) {
      node.scalar = room.node().scalar;
      node.value = &node.scalar;
    } else {
      node.owed->room = room;
      node.value = room.node().value;
    }
  }
}

// What nobody holds needs its operands no longer, the last one first: they hold one another. What
// somebody holds becomes a constant of the heap: element-wise expressions have their values then,
// or one that is made of itself step by step would keep all steps; others go on waiting.
void Tape::end_waiting(std::size_t first) noexcept {
  for (std::size_t i = waiting_.size(); i-- > first;) {
    Node* node = waiting_[i];
    if (node == nullptr) continue;
    if (node->count.load(std::memory_order_relaxed) != 0 && node->value == nullptr) {
      if (!node->owed->is_blockwise) continue;
      try {
        settle(*node);
      } catch (...) {
        continue;  // there is no memory: who asks for the values is told
      }
    }
    if (node->owed->room.defined()) {
      node->base = &node->owed->room.node();
      keep(*node->base);  // others may show it
    }
    destroy(node->owed);
    node->owed = nullptr;
  }
  waiting_.resize(first);
}

}  // namespace ember::detail
