#include <ember/core/owed.hpp>

#include <algorithm>
#include <mutex>

#include <ember/core/broadcast.hpp>
#include <ember/core/element_block.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember::detail {

const Real* settle(const Node& asked) {
  auto& node = const_cast<Node&>(asked);  // NOLINT: its values are the same before and after
  if (node.owed == nullptr) return node.value;
  if (node.owner == Owner::tape) {
    Tape::current().settle(node);
    return node.value;
  }
  static std::recursive_mutex mutex;  // threads may share a tensor of the heap
  const std::lock_guard lock(mutex);
  if (node.value != nullptr) return node.value;
  Real* made = nullptr;
  const Node* shown = node.owed->shown();
  if (shown != nullptr && shown->owner == Owner::heap) {
    made = const_cast<Real*>(values(*shown));
  } else {
    const Tensor room(new_heap_node(node.shape, node.op));
    node.owed->fill(room.node());
    node.owed->room = room;
    made = room.node().value;
  }
  std::atomic_ref(node.value).store(made, std::memory_order_release);
  return made;
}

void destroy(Owed* owed) noexcept { delete owed; }

void wait_for(Owed& owed, const Node& operand) {
  constexpr int kDeepest = 12;
  if (!waits(operand)) return;
  owed.has_coordinates = owed.has_coordinates || operand.owed->has_coordinates;
  if (operand.owed->depth == kDeepest) {
    settle(operand);
  } else {
    owed.depth = std::max(owed.depth, operand.owed->depth + 1);
  }
}

Tensor wait(Op op, const Shape& shape, std::initializer_list<Node*> operands,
            std::unique_ptr<Owed> owed) {
  for (const Node* operand : operands) wait_for(*owed, *operand);
  return Tensor(
      new_waiting(op, shape, std::span(operands.begin(), operands.size()), owed.release()));
}

namespace {

struct Taken {
  const Places* at;
  Index row;
};

// `at` of rows of `over` as rows of x, which is broadcast to it.
PlacesPtr places_in(const Shape& x, const Shape& over, const PlacesPtr& at) {
  Positions key{-1};
  for (Index size : over) key.push_back(size);
  key.push_back(-1);
  for (Index size : x) key.push_back(size);
  return at->derived(std::move(key), x.numel(), [&] {
    const BroadcastPlan<1> plan(over, {&x});
    Positions mapped = at->at();
    for (Index& i : mapped) i = plan.offsets_at(i)[0];
    return mapped;
  });
}

// The last axis in rows of `row`.
Shape in_rows(const Shape& shape, Index row) {
  if (row == 1) return shape;
  return shape.with(shape.rank() - 1, shape.from_right(1) / row);
}

Tensor take_own(const Tensor& x, const PlacesPtr& at, Index row) {
  if (waits(x)) {
    Tensor taken = x.node().owed->take(x.node(), at, row);
    if (taken.defined()) return taken;
  }
  return take_rows(x, at, row);
}

}  // namespace

Tensor take(const Tensor& x, const Shape& over, const PlacesPtr& at, Index row) {
  if (x.numel() == over.numel()) return take_own(x, at, row);
  const bool is_repeated = row > 1 && x.shape().from_right(1) == 1;
  const Index own_row = is_repeated ? 1 : row;
  const Shape own = in_rows(x.shape(), own_row);
  if (own.numel() == 1) return own_row == 1 ? x.reshape({}) : x.reshape({own_row});
  const Tensor taken = take_own(x, places_in(own, in_rows(over, row), at), own_row);
  return is_repeated ? unsqueeze(taken, 1) : taken;
}

PlacesPtr elements_of_rows(const PlacesPtr& at, Index row) {
  return at->derived({-4, row}, at->bound() * row, [&] {
    Positions elements;
    elements.reserve(at->at().size() * static_cast<std::size_t>(row));
    for (Index i : at->at()) {
      for (Index c = 0; c < row; ++c) elements.push_back(i * row + c);
    }
    return elements;
  });
}

Tensor take_rows(const Tensor& x, const PlacesPtr& at, Index row) {
  Node& in = x.node();
  const Index n = at->count();
  Node* out = new_result(Op::take_rows, row == 1 ? Shape{n} : Shape{n, row}, {&in});
  Tensor result(out);
  if (out->requires_grad) {
    Tape& tape = Tape::current();
    tape.keep_alive(at);
    out->aux = new (tape.allocate_auxiliary<Taken>(1)) Taken{at.get(), row};
  }
  const Real* from = values(in);
  const Index* rows = at->at().data();
  if (row == 1) {
    gather(from, rows, n, out->value);
  } else {
    for (Index i = 0; i < n; ++i) std::copy_n(from + rows[i] * row, row, out->value + i * row);
  }
  return result;
}

Real* open_taken(const Node& node, Node& operand, const Places& at, const Shape& rows,
                 const Shape& all) {
  if (!operand.requires_grad || at.count() == 0) return nullptr;
  std::shared_ptr<const MaskBytes> touched = at.touched();
  if (node.reach != nullptr) {
    Bytes bytes(static_cast<std::size_t>(at.bound()));
    const Index row = node.numel / at.count();
    for_reached(node.numel, node.reach,
                [&](Index i) { bytes[static_cast<std::size_t>(at[i / row])] = 1; });
    const Mask mask = Mask::from_bytes(rows, std::move(bytes));
    if (mask.is_none()) return nullptr;
    touched = mask.bytes();
  }
  if (touched == nullptr) return open_sum(operand, nullptr);
  return open_sum(operand, as_reach(Mask::from_shared(rows, touched).broadcast_to(all)));
}

void backward_take_rows(Node& node) {
  Node& in = *node.operands[0];
  const auto [at, row] = *static_cast<const Taken*>(node.aux);
  Real* out = open_taken(node, in, *at, {at->bound(), 1}, {at->bound(), row});
  if (out == nullptr) return;
  for_reached(node.numel, node.reach, [&, &at = at, row = row](Index i) {
    const Index c = row == 1 ? 0 : i % row;
    out[(*at)[row == 1 ? i : i / row] * row + c] += node.adjoint[i];
  });
}

}  // namespace ember::detail
