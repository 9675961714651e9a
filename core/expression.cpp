#include <ember/core/expression.hpp>

#include <algorithm>
#include <memory>

#include <ember/core/owed.hpp>
#include <ember/core/reach.hpp>

namespace ember::detail {
namespace {

// Calls run(i, offset, n) for the runs of neighbours i .. i + n - 1 of a block: each stands
// `stride` numbers behind the one before. Those of a list are runs of one.
template <class Run>
void for_each_run(const BroadcastPlan<1>& plan, const ElementBlock& block, Run run) {
  if (block.list != nullptr) {
    for (Index i = 0; i < block.n; ++i) run(i, plan.offsets_at(block.list[i])[0], Index{1});
    return;
  }
  for (Index i = 0; i < block.n;) {
    const Index position = block.begin + i;
    const Index n = std::min(block.n - i, plan.sizes[0] - position % plan.sizes[0]);
    run(i, plan.offsets_at(position)[0], n);
    i += n;
  }
}

// A strided leaf's numbers, one for each element of a block.
void repeat(const BroadcastPlan<1>& plan, const ElementBlock& block, const Real* from, Real* to) {
  const Index stride = plan.strides[0][0];
  for_each_run(plan, block, [=](Index i, Index offset, Index n) {
    if (stride == 0) {
      std::fill_n(to + i, n, from[offset]);
    } else if (stride == 1) {
      std::copy_n(from + offset, n, to + i);
    } else {
      for (Index k = 0; k < n; ++k) to[i + k] = from[offset + k * stride];
    }
  });
}

// Adds what counts of numbers, one for each element of a block, up to a strided leaf's.
void add_up(const BroadcastPlan<1>& plan, const ElementBlock& block, const Real* from, Real* to) {
  const Index stride = plan.strides[0][0];
  for_each_run(plan, block, [&, from, to](Index i, Index offset, Index n) {
    const std::uint8_t* kept = block.kept != nullptr ? block.kept + i : nullptr;
    const Real* g = from + i;
    Real* sum = to + offset;
    if (stride == 0) {
      *sum += sum_of(g, {0, nullptr, n, kept});
    } else if (stride == 1 && kept == nullptr) {
#pragma omp simd
      for (Index k = 0; k < n; ++k) sum[k] += g[k];
    } else if (stride == 1) {
#pragma omp simd
      for (Index k = 0; k < n; ++k) sum[k] += kept_or_zero(kept[k], g[k]);
    } else {
      for (Index k = 0; k < n; ++k) {
        if (kept == nullptr || kept[k] != 0) sum[k * stride] += g[k];
      }
    }
  });
}

// The same for the runs of a block of neighbours in the order of a list: run(i, place, n).
template <class Run>
void for_each_run(const IndexOrder& order, const ElementBlock& block, Run run) {
  const IndexOrder::Run* next = order.run_at(block.begin);
  for (Index i = 0; i < block.n; ++next) {
    const Index end = std::min(block.n, next->end - block.begin);
    run(i, next->place, end - i);
    i = end;
  }
}

}  // namespace

bool Expression::has_steps(const Node& x) {
  return x.owner == Owner::tape && x.tape == &Tape::current() && waits(x) && x.owed->is_blockwise;
}

std::int32_t Expression::add_leaf(Node& x, Layout layout, const IndexList* picked,
                                  const Shape& over) {
  --open_;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (slots_[s].leaf < 0) continue;
    const Leaf& leaf = leaf_of(s);
    if (leaf.node == &x && leaf.layout == layout && leaf.picked == picked &&
        (layout != Layout::strided || leaf.over == over)) {
      return static_cast<std::int32_t>(s);
    }
  }
  leaves_.push_back({&x, layout, picked, over, values(x), nullptr});
  slots_.push_back(
      {&x, static_cast<std::int32_t>(leaves_.size()) - 1, nullptr, {}, x.requires_grad});
  return static_cast<std::int32_t>(slots_.size()) - 1;
}

std::size_t Expression::add(Node& x, const char* who) {
  Tape::current().check_usable(x, who);
  return static_cast<std::size_t>(add(x, elements_));
}

std::int32_t Expression::add(Node& x, const Shape& over) {
  sources_ = join(sources_, x.sources);
  if (x.numel != over.numel()) {
    return add_leaf(x, x.numel == 1 ? Layout::uniform : Layout::strided, nullptr, over);
  }
  Node* node = &x;
  while (has_steps(*node) && node->owed->shown() != nullptr) {
    node = node->owed->shown();
    sources_ = join(sources_, node->sources);
  }
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (slots_[s].node != node || slots_[s].leaf >= 0) continue;
    --open_;
    return static_cast<std::int32_t>(s);
  }
  const Layout whole = node->numel == 1 ? Layout::uniform : Layout::full;
  if (!has_steps(*node)) return add_leaf(*node, whole, nullptr, over);
  Owed& owed = *node->owed;
  const std::span<const Tensor> operands = owed.operands();
  if (owed.picked() != nullptr) {
    return add_leaf(operands[0].node(), Layout::picked, owed.picked(), over);
  }
  const bool is_room =
      steps_ < kMostSteps && leaves_.size() + open_ - 1 + operands.size() <= kMostLeaves;
  if (owed.was_fused || !is_room) return add_leaf(*node, whole, nullptr, over);
  owed.was_fused = true;
  ++steps_;
  open_ += operands.size() - 1;
  Slot step{node, -1, owed.block_op(), {-1, -1}, node->requires_grad};
  for (std::size_t k = 0; k < operands.size(); ++k) {
    step.operands[k] = add(operands[k].node(), node->shape);
  }
  if (operands.size() == 2) {
    // Where both are, there is one element.
    const auto is_one = [&](std::size_t k) {
      return is_uniform(static_cast<std::size_t>(step.operands[k]));
    };
    if (is_one(0) != is_one(1)) step.one = is_one(0) ? OneNumber::first : OneNumber::second;
  }
  slots_.push_back(step);
  return static_cast<std::int32_t>(slots_.size()) - 1;
}

void Expression::sort_elements() {
  constexpr Index kNamedOften = 16;  // a run costs as much as ten numbers one by one
  const IndexList* list = nullptr;
  for (const Leaf& leaf : leaves_) {
    if (leaf.layout == Layout::strided) return;
    if (leaf.layout == Layout::full && leaf.node->owner != Owner::heap) return;
    if (leaf.layout != Layout::picked) continue;
    if (list != nullptr && list != leaf.picked) return;
    list = leaf.picked;
    if (!list->is_data() || elements_.numel() < kNamedOften * leaf.node->numel) return;
  }
  if (list == nullptr) return;
  order_ = &list->order();
  for (Leaf& leaf : leaves_) {
    if (leaf.layout != Layout::full) continue;
    sorted_.push_back(order_->sorted(Tensor(leaf.node)));
    leaf.values = detail::values(sorted_[sorted_.size() - 1]);
  }
}

bool Expression::can_share_work() const {
  return std::none_of(leaves_.begin(), leaves_.end(), [](const Leaf& leaf) {
    return leaf.partial != nullptr &&
           (leaf.layout == Layout::strided || leaf.layout == Layout::picked);
  });
}

const MaskBytes* Expression::reach_of(const Leaf& leaf, const Mask& visible) const {
  switch (leaf.layout) {
    case Layout::uniform:
      return nullptr;
    case Layout::full:
      return as_reach(visible);
    case Layout::strided:
      return as_reach(any_to_shape(visible.reshape(leaf.over), leaf.node->shape));
    case Layout::picked:
      break;
  }
  if (!visible.bytes()) return as_reach(leaf.picked->named(leaf.node->numel));
  const Index* at = leaf.picked->at().data();
  Bytes bytes(static_cast<std::size_t>(leaf.node->numel));
  for (Index i : visible.bytes()->positions()) bytes[static_cast<std::size_t>(at[i])] = 1;
  return as_reach(Mask::from_bytes(leaf.node->shape, std::move(bytes)));
}

namespace {

// The derivatives by the leaves, for the reverse pass.
struct Record {
  struct Operand {
    Real* partial = nullptr;  // null: not asked for
    const MaskBytes* reach = nullptr;
  };
  std::array<Operand, Expression::kMostLeaves> operands;
};

}  // namespace

Node* Expression::open(const Mask& visible) {
  if (visible.is_all()) sort_elements();
  std::array<Node*, kMostLeaves> nodes;
  std::ranges::transform(leaves_, nodes.begin(), &Leaf::node);
  Node* out = new_result(Op::expression, Shape(), {nodes.data(), leaves_.size()});
  out->sources = join(out->sources, sources_);
  if (!out->requires_grad) {
    for (Slot& slot : slots_) slot.needs_gradient = false;
    return out;
  }
  Tape& tape = Tape::current();
  auto* record = new (tape.allocate_auxiliary<Record>(1)) Record();
  out->aux = record;
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    Leaf& leaf = leaves_[k];
    if (!leaf.node->requires_grad) continue;
    if (leaf.layout == Layout::full) leaf.partial = claim_room(*leaf.node);
    if (leaf.partial == nullptr) leaf.partial = tape.allocate_reals(leaf.node->numel);
    if (leaf.layout != Layout::full) std::fill_n(leaf.partial, leaf.node->numel, Real{0});
    record->operands[k] = {leaf.partial, reach_of(leaf, visible)};
  }
  return out;
}

void Expression::close(const Sums& sums) {
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    const Leaf& leaf = leaves_[k];
    if (leaf.partial != nullptr && leaf.layout == Layout::uniform) {
      *leaf.partial = static_cast<Real>(sums[k]);
    }
  }
}

// The derivatives, times one number, are the leaves' adjoints: no copy is made.
void backward_expression(Node& n) {
  const auto& record = *static_cast<const Record*>(n.aux);
  const Real factor = *n.adjoint;
  for (std::size_t k = 0; k < static_cast<std::size_t>(n.operand_count); ++k) {
    const auto [partial, reach] = record.operands[k];
    if (partial == nullptr) continue;
    hand_over_times(*n.operands[k], partial, reach, factor);
  }
}

void Expression::Room::open(const Expression& expression) {
  expression_ = &expression;
  constexpr std::size_t kRooms = 2 * kMostSlots + 1;
  struct alignas(64) Memory {
    std::array<Real, kRooms * kBlock> reals;
  };
  thread_local const auto memory = std::make_unique<Memory>();
  Real* next = memory->reals.data();
  const auto take = [&] {
    Real* room = next;
    next += kBlock;
    return room;
  };
  spare_ = take();
  for (std::size_t s = 0; s < expression.slots_.size(); ++s) {
    rooms_[s] = take();
    adjoint_rooms_[s] = expression.slots_[s].needs_gradient ? take() : nullptr;
    if (expression.is_uniform(s)) {
      const Index places = expression.slots_[s].is_spread ? kBlock : 1;
      std::fill_n(rooms_[s], places, *expression.leaf_of(s).values);
    }
  }
}

void Expression::Room::load(std::size_t slot, const ElementBlock& block) {
  const Leaf& leaf = expression_->leaf_of(slot);
  const Real* from = leaf.values;
  Real* to = rooms_[slot];
  values_[slot] = to;
  switch (leaf.layout) {
    case Layout::uniform:
      break;
    case Layout::full:
      if (block.list == nullptr) {
        values_[slot] = from + block.begin;
        if (leaf.partial != nullptr) own_[slot] = leaf.partial + block.begin;
        if (comes_from_afar(leaf.node->numel)) prefetch_next(from, block);
      } else {
        gather(from, block.list, block.n, to);
      }
      break;
    case Layout::strided:
      repeat(BroadcastPlan<1>(leaf.over, {&leaf.node->shape}), block, from, to);
      break;
    case Layout::picked:
      load_picked(leaf, block, to);
      break;
  }
}

void Expression::Room::forward(const ElementBlock& block) {
  for (std::size_t s = 0; s < expression_->slots_.size(); ++s) {
    const Slot& slot = expression_->slots_[s];
    adjoints_[s] = nullptr;
    own_[s] = adjoint_rooms_[s];
    if (slot.leaf >= 0) {
      load(s, block);
      continue;
    }
    const auto operand = [&](std::size_t k) {
      const std::int32_t o = slot.operands[k];
      return o < 0 ? nullptr : values_[static_cast<std::size_t>(o)];
    };
    const auto one = static_cast<std::size_t>(slot.one);
    slot.op->forward[one](block.n, operand(0), operand(1), rooms_[s]);
    values_[s] = rooms_[s];
  }
}

void Expression::Room::add_adjoint(std::size_t slot, const Real* from, Index n) {
  const Real* had = adjoints_[slot];
  if (had == nullptr) {
    adjoints_[slot] = from;
    return;
  }
  Real* to = own_[slot];
#pragma omp simd
  for (Index i = 0; i < n; ++i) to[i] = had[i] + from[i];
  adjoints_[slot] = to;
}

void Expression::Room::backward(const ElementBlock& block, Sums& sums) {
  for (std::size_t s = expression_->slots_.size(); s-- > 0;) {
    const Slot& slot = expression_->slots_[s];
    const Real* g = adjoints_[s];
    if (g == nullptr || !slot.needs_gradient) continue;
    if (slot.leaf >= 0) {
      store(s, block, sums);
      continue;
    }
    std::array<const Real*, 2> in{};
    for (std::size_t k = 0; k < 2; ++k) {
      if (slot.operands[k] >= 0) in[k] = values_[static_cast<std::size_t>(slot.operands[k])];
    }
    for (std::size_t k = 0; k < 2; ++k) {
      if (slot.operands[k] < 0) continue;
      const auto o = static_cast<std::size_t>(slot.operands[k]);
      if (!expression_->slots_[o].needs_gradient) continue;
      const auto one = static_cast<std::size_t>(slot.one);
      if (one == k + 1 && slot.op->summed[k] != nullptr && block.kept == nullptr) {
        sums[expression_->sum_index(o)] +=
            static_cast<double>(slot.op->summed[k](block.n, g, in[0], in[1]));
        continue;
      }
      const Real* given = g;
      if (const auto pull_back = slot.op->backward[k][one]) {
        Real* to = adjoints_[o] == nullptr ? own_[o] : spare_;
        pull_back(block.n, g, in[0], in[1], values_[s], to);
        given = to;
      }
      add_adjoint(o, given, block.n);
    }
  }
}

void Expression::Room::store(std::size_t slot, const ElementBlock& block, Sums& sums) {
  const auto index = static_cast<std::size_t>(expression_->slots_[slot].leaf);
  const Leaf& leaf = expression_->leaves_[index];
  const Real* __restrict g = adjoints_[slot];
  Real* to = leaf.partial;
  switch (leaf.layout) {
    case Layout::uniform:
      sums[index] += static_cast<double>(sum_of(g, block));
      break;
    case Layout::full:
      if (block.list != nullptr) {
        scatter(g, block.list, block.n, to);
      } else if (g != to + block.begin) {
        std::copy_n(g, block.n, to + block.begin);
      }
      break;
    case Layout::strided:
      add_up(BroadcastPlan<1>(leaf.over, {&leaf.node->shape}), block, g, to);
      break;
    case Layout::picked:
      store_picked(leaf, block, g);
      break;
  }
}

void Expression::Room::load_picked(const Leaf& leaf, const ElementBlock& block, Real* to) const {
  const Real* from = leaf.values;
  if (expression_->order_ != nullptr) {
    for_each_run(*expression_->order_, block,
                 [=](Index i, Index place, Index n) { std::fill_n(to + i, n, from[place]); });
    return;
  }
  const Index* at = leaf.picked->at().data();
  if (block.list == nullptr) {
    gather(from, at + block.begin, block.n, to);
  } else {
    for (Index i = 0; i < block.n; ++i) to[i] = from[at[block.list[i]]];
  }
}

void Expression::Room::store_picked(const Leaf& leaf, const ElementBlock& block,
                                    const Real* __restrict g) const {
  Real* to = leaf.partial;
  if (expression_->order_ != nullptr) {
    for_each_run(*expression_->order_, block, [=](Index i, Index place, Index n) {
      to[place] += sum_of(g + i, {0, nullptr, n, nullptr});
    });
    return;
  }
  const auto add_where_kept = [&](auto place) {
    if (block.kept == nullptr) {
      for (Index i = 0; i < block.n; ++i) to[place(i)] += g[i];
    } else {
      for (Index i = 0; i < block.n; ++i) {
        if (block.kept[i] != 0) to[place(i)] += g[i];
      }
    }
  };
  const Index* at = leaf.picked->at().data();
  if (block.list == nullptr) {
    add_where_kept([at = at + block.begin](Index i) { return at[i]; });
  } else {
    add_where_kept([at, list = block.list](Index i) { return at[list[i]]; });
  }
}

}  // namespace ember::detail
