#include <ember/core/tape.hpp>

#include <algorithm>

#include <ember/core/owed.hpp>
#include <ember/core/rerun.hpp>
#include <ember/core/sanitizer.hpp>

namespace ember::detail {

Tape& Tape::of_this_thread() {
  thread_local Tape tape;
  current_ = &tape;
  return tape;
}

Tape::~Tape() {
  for (Node* node : slots_) {
    unpoison(node, sizeof(Node));
    delete node;
  }
}

Node* Tape::new_slot() {
  auto node = std::make_unique<Node>();
  node->owner = Owner::tape;
  node->tape = this;
  return node.release();
}

// What an operator seldom needs stands in functions of its own, or its registers would be saved at
// each one.
[[gnu::noinline]] void Tape::add_slot() { slots_.push_back(new_slot()); }

// Inline, as record is: every operator of a step runs through both.
inline Node* Tape::next_slot(const Shape& shape) {
  if (used_ == slots_.size()) [[unlikely]]
    add_slot();
  Node* node = slots_[used_];
  unpoison(node, sizeof(Node));
  static_cast<NodeLinks&>(*node) = NodeLinks();
  node->op = Op::leaf;
  node->varies = false;
  node->requires_grad = false;
  node->has_adjoint = false;
  node->position = static_cast<std::int32_t>(used_++);
  node->operand_count = 0;
  node->shape = shape;
  return node;
}

[[gnu::noinline]] Real* Tape::reals_for(Op op, const Shape& shape) {
  return for_shape(op, shape, [&] { return allocate_reals(shape.numel()); });
}

inline Node* Tape::allocate(Op op, const Shape& shape) {
  Node* node = next_slot(shape);
  node->numel = shape.numel();
  const auto bytes = static_cast<std::size_t>(node->numel) * sizeof(Real);
  if (node->numel == 1) {
    node->value = &node->scalar;
  } else if (void* room = values_.take(bytes); room != nullptr) {
    node->value = static_cast<Real*>(room);
  } else {
    node->value = reals_for(op, shape);
  }
  return node;
}

Node* Tape::allocate_view(const Shape& shape, Node& base) {
  Node* node = next_slot(shape);
  node->varies = base.varies;
  node->sources = base.sources;
  node->numel = base.numel;
  // A slot of one element has its own room; its value is copied, which costs less than following a
  // pointer.
  if (base.numel == 1) {
    node->scalar = *values(base);
    node->value = &node->scalar;
    return node;
  }
  node->value = const_cast<Real*>(values(base));
  if (base.owner == Owner::heap) {
    node->base = base.base != nullptr ? base.base : &base;
    keep(*node->base);
  } else {
    node->base = base.base;
  }
  return node;
}

Node* Tape::allocate_waiting(const Shape& shape, Owed* owed) {
  waiting_.push_back(nullptr);
  Node* node = next_slot(shape);
  node->numel = shape.numel();
  node->value = nullptr;
  node->owed = owed;
  waiting_.back() = node;
  return node;
}

void Tape::keep(Node& heap_node) {
  retain(&heap_node);
  kept_nodes_.push_back(&heap_node);
}

const MaskBytes* Tape::keep(const std::shared_ptr<const MaskBytes>& bytes) {
  if (bytes) kept_objects_.push_back(bytes);
  return bytes.get();
}

void Tape::check_owner(const Node& node, const char* who) const {
  if (node.owner == Owner::tape && node.tape != this) {
    fail(who, "a tensor that another thread is recording was used in this one",
         "pass constants between threads: detach it after its recording has ended, or pass its "
         "numbers");
  }
}

void Tape::check_usable(const Node& node, const char* who) const {
  if (node.owner == Owner::heap) return;
  check_owner(node, who);
  if (node.requires_grad && static_cast<std::size_t>(node.position) < frames_.back().memory.nodes) {
    fail(who,
         "an inner value_and_grad depends on a tensor of an outer one; derivatives of derivatives "
         "are not computed",
         "detach the outer tensor first");
  }
}

template <std::size_t N>
inline void Tape::record(Node& node, Op op, std::span<Node* const, N> operands) {
  const bool are_few = operands.size() <= Node::kFewOperands;
  bool requires_grad = false, varies = false, is_of_heap = false;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    Node* operand = operands[i];
    if (are_few) node.few_operands[i] = operand;
    if (operand->sources != nullptr) [[unlikely]]
      node.sources = join(node.sources, operand->sources);
    if (operand->owner == Owner::heap) {
      is_of_heap = true;
      continue;
    }
    if (operand->tape != this || operand->position < first_) [[unlikely]]
      check_usable(*operand, name_of(op));
    requires_grad |= operand->requires_grad;
    varies |= operand->varies;
  }
  if (!requires_grad && !varies) return;
  node.op = op;
  node.requires_grad = requires_grad;
  node.varies = varies;
  node.operand_count = static_cast<std::int32_t>(operands.size());
  if (are_few) {
    node.operands = node.few_operands.data();
  } else {
    node.operands = auxiliary_.allocate_array<Node*>(operands.size());
    std::copy(operands.begin(), operands.end(), node.operands);
  }
  if (!is_of_heap) return;
  for (Node* operand : operands) {
    if (operand->owner == Owner::heap) keep(*operand);
  }
}

Real* Tape::allocate_adjoint(Node& node) {
  node.has_adjoint = true;
  if (node.numel == 1) return node.adjoint = &node.scalar_adjoint;
  Real* room = claim_room(node);
  return node.adjoint = room != nullptr ? room : allocate_reals(node.numel);
}

void Tape::backward(Node& root, Real seed) {
  check_usable(root, "backward");
  const auto begin = static_cast<std::ptrdiff_t>(frames_.back().memory.nodes);
  if (std::exchange(frames_.back().has_adjoints, true)) {
    for (std::size_t i = frames_.back().memory.nodes; i < used_; ++i)
      slots_[i]->has_adjoint = false;
  }
  if (root.owner != Owner::tape || !root.requires_grad) return;
  *allocate_adjoint(root) = seed;
  root.reach = nullptr;
  for (std::ptrdiff_t i = root.position; i >= begin; --i) {
    Node& node = *slots_[static_cast<std::size_t>(i)];
    if (node.has_adjoint && node.op != Op::leaf) backward_of(node.op)(node);
  }
}

void Tape::begin() {
  if (rerun != nullptr && depth_ > 0) rerun->refuse();  // its slots would be used again
  static std::atomic<std::uint64_t> counter{0};
  frames_.push_back({memory(), waiting_.size(), recording_id_});
  recording_id_ = counter.fetch_add(1, std::memory_order_relaxed) + 1;
  first_ = static_cast<std::int32_t>(used_);
  ++depth_;
}

void Tape::end() noexcept {
  const Frame frame = frames_.back();
  end_waiting(frame.waiting);
  frames_.pop_back();
  for (std::size_t i = frame.memory.nodes; i < used_; ++i) {
    Node* node = slots_[i];
    if (node->count.load(std::memory_order_relaxed) == 0) {
      poison(node, sizeof(Node));
      continue;
    }
    // Somebody still holds it: the slot leaves the tape and becomes a heap constant.
    if (node->base != nullptr) {
      retain(node->base);
    } else if (node->numel != 1 && node->value != nullptr) {
      node->buffer = allocate_buffer(node->numel);
      std::copy_n(node->value, node->numel, static_cast<Real*>(node->buffer));
      node->value = static_cast<Real*>(node->buffer);
    }
    node->owner = Owner::heap;
    node->op = Op::leaf;
    node->varies = false;
    node->requires_grad = false;
    node->has_adjoint = false;
    node->tape = nullptr;
    node->origin = nullptr;
    slots_[i] = new_slot();
  }
  used_ = frame.memory.nodes;
  take_back(frame.memory);
  recording_id_ = frame.recording_id;
  first_ = frames_.empty() ? 0 : static_cast<std::int32_t>(frames_.back().memory.nodes);
  --depth_;
}

Tape::Memory Tape::memory() const {
  return {used_, kept_nodes_.size(), kept_objects_.size(), values_.mark(), auxiliary_.mark()};
}

void Tape::take_back(const Memory& before) {
  for (std::size_t i = before.kept_nodes; i < kept_nodes_.size(); ++i) release(kept_nodes_[i]);
  kept_nodes_.resize(before.kept_nodes);
  kept_objects_.resize(before.kept_objects);
  values_.release(before.values);
  auxiliary_.release(before.auxiliary);
}

void Tape::let_go(Node& leaf) {
  if (leaf.base == nullptr) return;
  const auto found = std::find(kept_nodes_.begin(), kept_nodes_.end(), leaf.base);
  if (found == kept_nodes_.end()) return;
  release(*found);
  kept_nodes_.erase(found);
}

Tensor Recording::leaf(const Tensor& x, Real* room) {
  Tape& tape = Tape::current();
  Node& node = x.node();
  tape.check_usable(node, "value_and_grad");
  Node* leaf = tape.allocate_view(node.shape, node);
  if (leaf->varies) refuse_rerun();
  leaf->requires_grad = true;
  leaf->aux = room;
  return Tensor(leaf);
}

Tensor adjoint_of(const Tensor& x) {
  const Node& node = x.node();
  Node* result = new_heap_node(node.shape);
  const Tensor handle(result);
  Real* out = result->value;
  if (!node.has_adjoint) {
    std::fill_n(out, node.numel, Real{0});
  } else if (node.reach == nullptr) {
    std::copy_n(node.adjoint, node.numel, out);
  } else if (node.reach->is_sparse()) {
    std::fill_n(out, node.numel, Real{0});
    for (Index i : node.reach->positions()) out[i] = node.adjoint[i];
  } else {
    const std::uint8_t* kept = node.reach->data();
#pragma omp simd
    for (Index i = 0; i < node.numel; ++i) out[i] = kept_or_zero(kept[i], node.adjoint[i]);
  }
  return handle;
}

namespace {

Node* new_heap_result(Op op, const Shape& shape, std::span<Node* const> operands) {
  for (const Node* operand : operands) Tape::current().check_usable(*operand, name_of(op));
  Node* node = new_heap_node(shape, op);
  for (const Node* operand : operands) node->sources = join(node->sources, operand->sources);
  return node;
}

}  // namespace

template <std::size_t N>
inline Node* Tape::make_result(Op op, const Shape& shape, std::span<Node* const, N> operands) {
  Tape& tape = current();
  if (!tape.recording()) return new_heap_result(op, shape, operands);
  Node* node = tape.allocate(op, shape);
  tape.record(*node, op, operands);
  return node;
}

Node* new_result(Op op, const Shape& shape, std::span<Node* const> operands) {
  return Tape::make_result(op, shape, operands);
}
Node* new_result(Op op, const Shape& shape, Node& a) {
  Node* const operands[] = {&a};
  return Tape::make_result(op, shape, std::span(operands));
}
Node* new_result(Op op, const Shape& shape, Node& a, Node& b) {
  Node* const operands[] = {&a, &b};
  return Tape::make_result(op, shape, std::span(operands));
}

Node* new_constant(const Shape& shape, Sources sources) {
  Node* node = Tape::make_result(Op::leaf, shape, std::span<Node* const, 0>());
  node->sources = sources;
  return node;
}

Node* new_waiting(Op op, const Shape& shape, std::span<Node* const> operands, Owed* owed) {
  std::unique_ptr<Owed, void (*)(Owed*)> held(owed, [](Owed* o) { destroy(o); });
  Tape& tape = Tape::current();
  Node* node = nullptr;
  if (tape.recording()) {
    node = tape.allocate_waiting(shape, held.release());
    tape.record(*node, op, operands);
  } else {
    for (const Node* operand : operands) tape.check_usable(*operand, name_of(op));
    node = new Node;
    node->shape = shape;
    node->numel = shape.numel();
    node->owed = held.release();
    for (const Node* operand : operands) node->sources = join(node->sources, operand->sources);
  }
  return node;
}

Node* new_view(Op op, const Shape& shape, Node& base) {
  Tape& tape = Tape::current();
  if (!tape.recording()) {
    tape.check_usable(base, name_of(op));
    return new_heap_view(base, shape);
  }
  Node* node = tape.allocate_view(shape, base);
  Node* const operands[] = {&base};
  tape.record(*node, op, std::span(operands));
  return node;
}

Node* new_part(const Shape& shape, Node& base, Index begin) {
  Node* node = Tape::current().allocate_view(Shape{base.numel}, base);
  node->shape = shape;
  node->numel = shape.numel();
  node->value += begin;
  return node;
}

}  // namespace ember::detail
