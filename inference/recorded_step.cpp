#include <ember/inference/recorded_step.hpp>

#include <cmath>

#include <ember/core/error.hpp>

namespace ember::inference {

Real RecordedStep::record(FunctionRef<Real()> f) {
  ++attempts_;
  if (!rerun_) rerun_ = std::make_unique<detail::Rerun>();
  Real result = 0;
  {
    const detail::Rerun::Recording recording(*rerun_);
    store_version_ = param_store().version();
    validates_ = validation_enabled();
    result = f();
    if (store_version_ != param_store().version()) rerun_->refuse();  // a program that sets them
    if (rerun_->finish()) attempts_ = 0;
  }
  if (attempts_ == kAttempts) rerun_.reset();  // with its memory
  return result;
}

void RecordedStep::keep(const detail::ParamLeaves& leaves, const Tensor& root) {
  leaves_.assign(leaves.leaves().begin(), leaves.leaves().end());
  nodes_.clear();
  for (const detail::ParamLeaves::Leaf* leaf : leaves_) {
    nodes_.push_back(leaf->node);
    rerun_->tape().let_go(*leaf->node);  // the optimiser writes to what nobody else holds
  }
  rerun_->keep(root.node());
}

std::optional<Real> RecordedStep::run(Optimizer& optimizer) {
  const detail::Tape::Active active(rerun_->tape());
  auto node = nodes_.begin();
  for (detail::ParamLeaves::Leaf* leaf : leaves_) {
    // Its parameter's numbers, as they are now.
    (*node)->value = const_cast<Real*>(detail::values(leaf->entry->unconstrained));
    leaf->node = *node++;
    leaf->begin_step();
  }
  if (rerun_->run() && std::isfinite(rerun_->value())) {
    rerun_->backward();
    optimizer.collect(leaves_);
    if (optimizer.find_not_finite() == nullptr) return -rerun_->value();
  }
  rerun_->take_back_draws();
  return std::nullopt;
}

}  // namespace ember::inference
