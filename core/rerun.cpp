#include <ember/core/rerun.hpp>

#include <algorithm>
#include <utility>

#include <ember/core/reach.hpp>

namespace ember::detail {

Rerun::Recording::Recording(Rerun& rerun) : rerun_(rerun), active_(rerun.tape_) {
  rerun.drop();
  rerun.tape_.rerun = &rerun;
  rerun.tape_.begin();
  rerun.has_begun_ = true;
}

Rerun::Recording::~Recording() {
  rerun_.tape_.rerun = nullptr;
  if (!rerun_.is_finished_) rerun_.drop();
}

// The last one under a key of which nobody knows yet what is made; there should be one.
Rerun::Draw* Rerun::find_draw(RandomKey key) {
  for (auto draw = draws_.rbegin(); draw != draws_.rend(); ++draw) {
    if (draw->key.key == key.key && !draw->is_known) return &*draw;
  }
  refuse();
  return nullptr;
}

void Rerun::note_noise(Node& out, RandomKey key, Noise noise) {
  if (Draw* draw = find_draw(key)) *draw = {draw->name, draw->stream, key, &out, noise, true};
}

void Rerun::note_nothing_drawn(RandomKey key) {
  if (Draw* draw = find_draw(key)) draw->is_known = true;
}

void Rerun::keep(Node& root) {
  root_ = &root;
  for (Node* node : tape_.nodes()) {
    if (node->op == Op::leaf && node->requires_grad) inputs_.push_back({node, node->aux});
  }
  kept_ = tape_.memory();
}

Referred Rerun::refer(const Tensor& x) {
  Referred result;
  if (!x.defined()) return result;
  result.node_ = &x.node();
  if (result.node_->owner == Owner::heap) {
    result.held_ = x;
  } else {
    referred_.push_back(result.node_);
  }
  return result;
}

// By position: what the root and the checks are made of, and what may end in an error of its own.
std::vector<bool> Rerun::find_needed() const {
  const std::span<Node* const> nodes = tape_.nodes();
  std::vector<bool> needed(nodes.size());
  const auto need = [&](const Node& node) {
    if (node.owner == Owner::tape) needed[static_cast<std::size_t>(node.position)] = true;
  };
  need(*root_);
  for (const Node* node : referred_) need(*node);
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (nodes[i]->op == Op::cholesky) needed[i] = true;
    if (!needed[i]) continue;
    for (std::int32_t k = 0; k < nodes[i]->operand_count; ++k) need(*nodes[i]->operands[k]);
  }
  return needed;
}

bool Rerun::finish() {
  if (is_refused_ || root_ == nullptr || !root_->requires_grad) return false;
  for (const Draw& draw : draws_) {
    if (!draw.is_known) return false;
    if (draw.has_few()) few_.add(*draw.out);
  }
  const std::vector<bool> needed = find_needed();
  for (std::size_t i = 0; i < needed.size(); ++i) {
    Node* node = tape_.nodes()[i];
    if (node->count.load(std::memory_order_relaxed) != 0) return false;  // somebody keeps it
    if (node->op == Op::leaf || !needed[i]) continue;
    const Forward forward = forward_of(node->op);
    if (forward == nullptr || node->value == nullptr) return false;
    steps_.push_back({node, forward, backward_of(node->op)});
  }
  return is_finished_ = tape_.nodes().size() == kept_.nodes;
}

bool Rerun::run() {
  tape_.take_back(kept_);
  few_keys_.clear();
  for (const Input& input : inputs_) {
    input.node->aux = input.room;
    input.node->has_adjoint = false;
  }
  RandomState& state = random_state();
  for (const Draw& draw : draws_) {
    const RandomKey key = next_key(draw.name, draw.stream, state);
    if (draw.has_few()) {
      few_keys_.push_back(key);
    } else if (draw.out != nullptr) {
      fill(draw.noise, key, *draw.out);
    }
  }
  few_.fill(few_keys_);
  try {
    for (const Step& step : steps_) {
      step.node->has_adjoint = false;
      step.forward(*step.node);
    }
  } catch (const Error&) {
    return false;  // of a matrix, say, that is not positive definite
  }
  return std::ranges::all_of(checks_, [](const auto& check) { return check(); });
}

// As Tape::backward, of the nodes that are known to be needed.
void Rerun::backward() {
  contribute_number(*root_, 1);
  for (std::size_t i = steps_.size(); i-- > 0;) {
    if (steps_[i].node->has_adjoint) steps_[i].backward(*steps_[i].node);
  }
}

void Rerun::take_back_draws() {
  for (const Draw& draw : draws_) undo_key(draw.name);
}

void Rerun::drop() noexcept {
  if (std::exchange(has_begun_, false)) tape_.end();
  root_ = nullptr;
  is_refused_ = false;
  is_finished_ = false;
  draws_.clear();
  few_.clear();
  steps_.clear();
  inputs_.clear();
  checks_.clear();
  referred_.clear();
}

}  // namespace ember::detail
