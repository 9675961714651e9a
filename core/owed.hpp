// Values that are owed: a matmul of many elements, and what is made of it, waits until somebody
// asks for its values. Whoever asks for all of them settles it; a density that keeps few elements
// takes their rows alone, forward and backward, so that what a mask hides is never computed. The
// values of coordinates are owed in the same way, and have no whole.
#pragma once

#include <memory>
#include <span>

#include <ember/core/block_op.hpp>
#include <ember/core/index_list.hpp>
#include <ember/core/places.hpp>
#include <ember/core/tape.hpp>

namespace ember::detail {

/// From so many elements on a matmul waits: smaller ones cost less than the waiting.
inline constexpr Index kWaitsFrom = Index{1} << 14U;
/// From so many on a gather of single numbers does, while gradients are recorded.
inline constexpr Index kPicksFrom = 512;
/// Up to so many: more are an error of their memory, and not hours of work.
inline constexpr Index kFusesTo = Index{1} << 31U;

/// The values of a tensor at an ascending list of positions; elsewhere 0, or nothing at all.
struct Coordinates {
  PlacesPtr at;
  Tensor values;  // (count,)
  bool is_zero_elsewhere;
};

/// What an operator that waits needs in order to go on.
class Owed {
 public:
  Owed() = default;
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;
  virtual ~Owed() = default;
  static void* operator new(std::size_t bytes) { return pool_allocate(bytes); }
  static void operator delete(void* owed, std::size_t bytes) { pool_free(owed, bytes); }

  /// Writes all values of `out`.
  virtual void fill(Node& out) = 0;
  /// The node whose values these are, under another shape; null where there is none.
  virtual Node* shown() const { return nullptr; }
  /// Rows at[i] of the values of `self`, this operator's node, seen as rows of `row` neighbours: a
  /// tensor of shape (count, row), or (count,) where row is 1. Undefined where that is no part of
  /// the work.
  virtual Tensor take(const Node& self, const PlacesPtr& at, Index row) const = 0;
  /// Not null where the node has values at a list of positions alone.
  virtual const Coordinates* coordinates() const { return nullptr; }
  /// What this is the transpose of; null where it is none.
  virtual const Tensor* transpose_of() const { return nullptr; }

  // What an expression is made of that runs block by block: see expression.hpp.
  /// The operator and what it is applied to; null where blocks are no part of the work.
  virtual const BlockOp* block_op() const { return nullptr; }
  virtual std::span<const Tensor> operands() const { return {}; }
  /// Where each element stands in the operand; null where this is no list of its elements.
  virtual const IndexList* picked() const { return nullptr; }

  Tensor room;  // of values that were settled while another recording ran
  /// Operators on the longest way down to what does not wait.
  int depth = 1;
  /// Whether all of it, down to there, can be done block by block.
  bool is_blockwise = false;
  /// Whether it has values at some coordinates alone, here or further down.
  bool has_coordinates = false;
  bool was_fused = false;  // an expression has run it already
};

inline bool waits(const Node& node) {
  // Threads that share a tensor of the heap may settle it meanwhile.
  return node.owed != nullptr &&
         std::atomic_ref(const_cast<Real*&>(node.value)).load(std::memory_order_acquire) == nullptr;
}
inline bool waits(const Tensor& x) { return waits(x.node()); }

/// Where x has coordinates: those; null for any other tensor.
inline const Coordinates* coordinates_of(const Tensor& x) {
  return x.node().owed != nullptr ? x.node().owed->coordinates() : nullptr;
}
/// The numbers that are there: of coordinates theirs, otherwise x itself.
inline Tensor stored_values(const Tensor& x) {
  const Coordinates* has = coordinates_of(x);
  return has != nullptr ? has->values : x;
}
/// A tensor of coordinates.
Tensor new_coordinates(const Shape& shape, Coordinates coordinates);

/// Whether x is done block by block, or needs not be done.
inline bool allows_blocks(const Tensor& x) { return !waits(x) || x.node().owed->is_blockwise; }
/// Whether an element-wise operator with a result of this size waits, where no operand does. (Of a
/// block or less, operators one by one are as fast.)
inline bool is_worth_fusing(Index numel) {
  const Tape& tape = Tape::current();
  return numel >= tape.fuses_from && numel <= kFusesTo && tape.recording();
}
inline bool is_worth_picking(Index numel) {
  return numel >= kPicksFrom && numel <= kFusesTo && Tape::current().recording();
}
/// Whether the result of an operator on x waits because x does. An expression waits for what can be
/// done with it block by block, if it is not too large for that, and is settled by all others.
inline bool waits_for(const Tensor& x, Index result, bool by_blocks) {
  if (!waits(x)) return false;
  if (!allows_blocks(x) || (by_blocks && result <= kFusesTo)) return true;
  settle(x.node());
  return false;
}

/// Notes that what `owed` is to be made of waits for an operand, which is settled where too much
/// does already: what is asked for goes down by recursion, on all ways there are.
void wait_for(Owed& owed, const Node& operand);
/// The result of an operator that waits.
Tensor wait(Op op, const Shape& shape, std::initializer_list<Node*> operands,
            std::unique_ptr<Owed> owed);

/// The numbers of x under a shape of as many elements, as a tensor of its own; it waits as x does.
Tensor view_of(const Tensor& x, const Shape& shape);

/// The rows at[i] of x broadcast to `over`, seen as rows of `row` neighbours; its shape broadcasts
/// with (count, row), or with (count,) where row is 1. `row` divides the last axis of `over`.
Tensor take(const Tensor& x, const Shape& over, const PlacesPtr& at, Index row);

/// Each element of the rows at[i] of `row` neighbours.
PlacesPtr elements_of_rows(const PlacesPtr& at, Index row);

/// As take() of the rows of a tensor as it stands, settled where it waits.
Tensor take_rows(const Tensor& x, const PlacesPtr& at, Index row);

/// Opens the adjoint of an operand for sums at the rows that `node`, made of them, has taken:
/// at[i] numbers members of shape `rows`, which broadcasts to `all`, of as many elements as the
/// operand. Null where there is nothing to do.
Real* open_taken(const Node& node, Node& operand, const Places& at, const Shape& rows,
                 const Shape& all);

}  // namespace ember::detail
