// The tape: define-by-run, thread-local, plain data. Nodes stand in the order they were made, so
// that backward is one reverse loop. A recording takes slots and arena memory and gives all of it
// back at its end: in steady state nothing is allocated from the heap.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <ember/core/arena.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/node.hpp>

namespace ember::detail {

class Rerun;

class Tape {
 public:
  /// This thread's tape.
  static Tape& current() { return current_ != nullptr ? *current_ : of_this_thread(); }

  /// Until its end this thread's tape is another one.
  class Active {
   public:
    explicit Active(Tape& tape) : outer_(std::exchange(current_, &tape)) {}
    Active(const Active&) = delete;
    Active& operator=(const Active&) = delete;
    ~Active() { current_ = outer_; }

   private:
    Tape* outer_;
  };

  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  bool recording() const { return depth_ > 0; }
  /// Which recording of this thread is running: never the same number twice, 0 where there is none.
  std::uint64_t recording_id() const { return depth_ > 0 ? recording_id_ : 0; }

  /// A fresh slot with room for its values, which the caller writes.
  Node* allocate(Op op, const Shape& shape);
  /// See new_result.
  template <std::size_t N>
  static Node* make_result(Op op, const Shape& shape, std::span<Node* const, N> operands);
  /// A slot that shows `values` of the heap node `base` (kept alive until the recording ends) or of
  /// a tape buffer.
  Node* allocate_view(const Shape& shape, Node& base);

  /// A slot whose values are owed; it owns what they are to be made of.
  Node* allocate_waiting(const Shape& shape, Owed* owed);
  /// Makes the values that a node of this tape owes.
  void settle(Node& node);

  /// Records who made a node. Heap operands are kept alive until the recording ends.
  template <std::size_t N>
  void record(Node& node, Op op, std::span<Node* const, N> operands);

  Real* allocate_reals(Index n) {
    return values_.allocate_array<Real>(static_cast<std::size_t>(n));
  }
  template <class T>
  T* allocate_auxiliary(std::size_t n) {
    return auxiliary_.allocate_array<T>(n);
  }
  /// Keeps the bytes alive until the recording ends and gives their address.
  const MaskBytes* keep(const std::shared_ptr<const MaskBytes>& bytes);
  void keep(Node& heap_node);
  void keep_alive(std::shared_ptr<const void> object) {
    kept_objects_.push_back(std::move(object));
  }

  /// The sinks of adjoints: see reach.hpp.
  Real* allocate_adjoint(Node& node);

  /// Reverse loop from `root` (one element, of the running recording): afterwards each node that
  /// the root depends on has its adjoint, d root / d node times `seed`.
  void backward(Node& root, Real seed);

  /// From so many elements on element-wise operators wait while a recording runs: see owed.hpp.
  Index fuses_from = 512;

  /// What notes how the running recording can be run again; null where nobody does.
  Rerun* rerun = nullptr;
  std::span<Node* const> nodes() const { return {slots_.data(), used_}; }
  /// How much of the tape is in use; gives back what came later.
  struct Memory {
    std::size_t nodes, kept_nodes, kept_objects;
    Arena::Mark values, auxiliary;
  };
  Memory memory() const;
  void take_back(const Memory& before);
  /// A leaf of a recording that stays shows numbers of the heap without keeping them alive.
  void let_go(Node& leaf);

  /// Errors where a node belongs to another thread's tape.
  void check_owner(const Node& node, const char* who) const;
  /// Errors where it does, or where it belongs to an outer recording and would need its gradient.
  void check_usable(const Node& node, const char* who) const;

 private:
  friend class Recording;
  friend class Rerun;
  static Tape& of_this_thread();
  Node* new_slot();
  void add_slot();
  Node* next_slot(const Shape& shape);
  Real* reals_for(Op op, const Shape& shape);
  void begin();
  void end() noexcept;
  void end_waiting(std::size_t first) noexcept;

  struct Frame {
    Memory memory;
    std::size_t waiting;
    std::uint64_t recording_id;
    bool has_adjoints = false;  // of a reverse pass that has run
  };

  // Null until the thread asks for its tape: reading it takes no guard.
  static constinit inline thread_local Tape* current_ = nullptr;

  std::vector<Node*> slots_;  // used ones first
  std::size_t used_ = 0;
  std::vector<Node*> kept_nodes_;
  std::vector<std::shared_ptr<const void>> kept_objects_;
  std::vector<Node*> waiting_;  // slots that owed their values, settled or not
  Arena values_, auxiliary_;
  std::vector<Frame> frames_;
  std::size_t depth_ = 0;
  std::int32_t first_ = 0;  // the position of the running recording's first node
  std::uint64_t recording_id_ = 0;
};

/// Records what this thread computes until the end of the scope. Tape tensors that are still held
/// then become heap constants. Recordings nest; an inner one may use an outer one's tensors only as
/// what they are not: constants.
class Recording {
 public:
  Recording() { Tape::current().begin(); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() { Tape::current().end(); }

  /// An input: shares the numbers of x (a heap tensor), and gets an adjoint. `room`, if there is
  /// one, outlives the recording: see claim_room.
  static Tensor leaf(const Tensor& x, Real* room = nullptr);
  /// Once: what densities have computed is handed over, and is the operands' then.
  void backward(const Tensor& root, Real seed = 1) { Tape::current().backward(root.node(), seed); }
};

/// The room of a leaf of several numbers for its adjoint, to be written by who asks first; null for
/// all others, but those whose adjoint becomes a leaf's as it is: the result of location_scale.
/// What is written there and then handed over needs no copy (an optimiser reads it where it lies);
/// if the adjoint comes to lie elsewhere, nobody reads the room.
inline Real* claim_room(Node& node) {
  Node& leaf = node.op == Op::location_scale ? *node.operands[0] : node;
  if (leaf.op != Op::leaf || leaf.numel == 1) return nullptr;
  return static_cast<Real*>(std::exchange(leaf.aux, nullptr));
}

/// The adjoint of a tape tensor after backward, 0 where it does not reach, as a heap tensor.
Tensor adjoint_of(const Tensor& x);

/// The result of an operator: a tape node (recorded where an operand needs a gradient) while this
/// thread records, a heap node otherwise. The caller writes its values.
Node* new_result(Op op, const Shape& shape, std::span<Node* const> operands);
/// The same of one operand, or two, as nearly all are.
Node* new_result(Op op, const Shape& shape, Node& a);
Node* new_result(Op op, const Shape& shape, Node& a, Node& b);
inline Node* new_result(Op op, const Shape& shape, std::initializer_list<Node*> operands) {
  return new_result(op, shape, std::span<Node* const>(operands.begin(), operands.size()));
}
/// Adds to where a fresh result comes from.
inline void add_sources(const Tensor& result, Sources more) {
  Node& node = result.node();
  node.sources = join(node.sources, more);
}
/// As new_result, for values that are owed; takes `owed`.
Node* new_waiting(Op op, const Shape& shape, std::span<Node* const> operands, Owed* owed);
/// As new_result, but shows the numbers of `base`, its first operand, under another shape.
Node* new_view(Op op, const Shape& shape, Node& base);
/// The numbers of `base` from one position on, as many (two or more) as the shape has elements: a
/// constant of the running recording.
Node* new_part(const Shape& shape, Node& base, Index begin);
/// A node without an operator: a constant of the running recording, or of the heap.
Node* new_constant(const Shape& shape, Sources sources = nullptr);

}  // namespace ember::detail
