// Expressions that run block by block: element-wise operators that wait (see owed.hpp) are run by
// whoever asks for all of their elements, a block of them at once, forward and backward, so that
// what stands between them never goes through memory.
#pragma once

#include <array>

#include <ember/core/block_op.hpp>
#include <ember/core/broadcast.hpp>
#include <ember/core/element_block.hpp>
#include <ember/core/index_list.hpp>
#include <ember/core/index_order.hpp>
#include <ember/core/inline_vector.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/pieces.hpp>
#include <ember/core/tape.hpp>

namespace ember::detail {

/// What some tensors over the same elements are made of, and the sum over the elements of a
/// function of these tensors, which goes through everything once. Slots are leaves, whose values
/// are there, and steps: operators that wait.
class Expression {
 public:
  static constexpr std::size_t kMostLeaves = 8, kMostSteps = 12;
  static constexpr std::size_t kMostSlots = kMostLeaves + kMostSteps;

  /// Of `roots` tensors over these elements, which are to be added.
  Expression(const Shape& elements, std::size_t roots) : elements_(elements), open_(roots) {}

  /// Whether a tensor is made of steps: it waits on this thread's tape, and all that it needs can
  /// be done by blocks.
  static bool has_steps(const Node& x);

  /// Adds a tensor that broadcasts to the elements; gives its slot. A step that an expression has
  /// run before is settled: nothing is computed a third time. An error names WHO.
  std::size_t add(Node& x, const char* who);

  bool is_uniform(std::size_t slot) const {
    return slots_[slot].leaf >= 0 && leaf_of(slot).layout == Layout::uniform;
  }
  /// Asks for a uniform slot's number in as many places as a block has; otherwise it stands in the
  /// first.
  void spread(std::size_t slot) { slots_[slot].is_spread = true; }
  bool needs_gradient(std::size_t slot) const { return slots_[slot].needs_gradient; }
  /// Derivatives by uniform leaves; other leaves have theirs where they belong.
  using Sums = std::array<double, kMostLeaves>;
  /// Where in the sums a uniform slot's derivative is.
  std::size_t sum_index(std::size_t slot) const {
    return static_cast<std::size_t>(slots_[slot].leaf);
  }

  /// The result of a sum over the elements that are visible (not none of them, a mask of the
  /// elements' shape): its operands are the leaves. The caller runs all blocks, writes its value
  /// and closes.
  Node* open(const Mask& visible);
  void close(const Sums& sums);

  /// Calls f(block, scratch) for all blocks of visible elements and adds up what it leaves in
  /// scratch.sums; scratch.room is open. Those of a sparse mask must be walked along its list.
  template <class Scratch, class F>
  auto run(const Mask& visible, bool along_list, F f) const {
    const ElementBlocks blocks(elements_.numel(), visible.bytes().get(), along_list, kBlock);
    return sum_blocks<Scratch>(
        blocks.size(), can_share_work() ? 3 * blocks.elements() : 0,
        [&](Scratch& scratch) { scratch.room.open(*this); },
        [&](Index b, Scratch& scratch) {
          blocks.visit(b, [&](const ElementBlock& block) { f(block, scratch); });
        });
  }

  /// What a thread runs blocks in.
  class Room;

 private:
  /// How a leaf meets the elements: a number for each, one for all, repeated along axes, or picked
  /// from a list of places.
  enum class Layout : std::uint8_t { full, uniform, strided, picked };
  struct Leaf {
    Node* node;
    Layout layout;
    const IndexList* picked;  // where each element stands in the leaf
    Shape over;               // what a strided one is repeated to
    const Real* values;
    Real* partial;  // room for the derivatives, as large as the leaf; null: they are not asked for
  };
  struct Slot {
    const Node* node;
    std::int32_t leaf;  // -1: a step
    const BlockOp* op;
    std::array<std::int32_t, 2> operands;
    bool needs_gradient;
    OneNumber one = OneNumber::none;  // of the operands of a step
    bool is_spread = false;
  };

  const Leaf& leaf_of(std::size_t slot) const {
    return leaves_[static_cast<std::size_t>(slots_[slot].leaf)];
  }
  std::int32_t add(Node& x, const Shape& over);
  std::int32_t add_leaf(Node& x, Layout layout, const IndexList* picked, const Shape& over);

  // Whether no two elements write to one derivative.
  bool can_share_work() const;
  // Goes through the elements in the order of the list by which leaves are picked, where that pays:
  // there is one such list, of data, that names each place often, and the other numbers are data,
  // too.
  void sort_elements();
  // Where the derivatives by a leaf can be other than 0; null: everywhere.
  const MaskBytes* reach_of(const Leaf& leaf, const Mask& visible) const;

  Shape elements_;
  std::size_t open_;                      // tensors that are to become slots
  InlineVector<Slot, kMostSlots> slots_;  // operands stand before their results
  InlineVector<Leaf, kMostLeaves> leaves_;
  std::size_t steps_ = 0;
  Sources sources_ = nullptr;                 // of all that was added, or passed on the way down
  const IndexOrder* order_ = nullptr;         // null: elements are gone through as they stand
  InlineVector<Tensor, kMostLeaves> sorted_;  // numbers in this order
};

class Expression::Room {
 public:
  Room() {}  // nothing is set to zero: see open
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  void open(const Expression& expression);

  /// Computes all slots for a block.
  void forward(const ElementBlock& block);
  const Real* value(std::size_t slot) const { return values_[slot]; }

  /// Where the derivatives by a slot are to be written, or in a room of one's own, ...
  Real* own_adjoint(std::size_t slot) { return own_[slot]; }
  /// ... before they are given.
  void add_adjoint(std::size_t slot, const Real* from, Index n);
  /// Takes what was given on to the leaves: to their partials, or to the sums.
  void backward(const ElementBlock& block, Sums& sums);

 private:
  void load(std::size_t slot, const ElementBlock& block);
  void load_picked(const Leaf& leaf, const ElementBlock& block, Real* to) const;
  void store_picked(const Leaf& leaf, const ElementBlock& block, const Real* g) const;
  void store(std::size_t slot, const ElementBlock& block, Sums& sums);

  const Expression* expression_ = nullptr;
  std::array<const Real*, kMostSlots> values_;
  std::array<const Real*, kMostSlots> adjoints_;  // null: nobody has given one
  std::array<Real*, kMostSlots> own_;             // where a slot's adjoint is written ..
  std::array<Real*, kMostSlots> rooms_, adjoint_rooms_;
  Real* spare_;
};

}  // namespace ember::detail
