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
    result = f();
    store_version_ = param_store().version();
    if (rerun_->finish()) attempts_ = 0;
  }
  if (attempts_ == kAttempts) rerun_.reset();  // with its memory
  return result;
}

void RecordedStep::keep(const detail::ParamLeaves& leaves, const Tensor& root) {
  leaves_ = leaves.keep();
  // the optimiser writes to parameters that nobody else holds
  for (const auto& [leaf, node] : leaves_) rerun_->tape().let_go(*node);
  rerun_->keep(root.node());
}

std::optional<Real> RecordedStep::run(detail::ParamLeaves& leaves, Optimizer& optimizer) {
  const detail::Tape::Active active(rerun_->tape());
  const detail::ParamLeaves::Scope scope(leaves);
  leaves.use_again(leaves_);
  if (rerun_->run() && std::isfinite(rerun_->value())) {
    rerun_->backward();
    optimizer.collect(leaves.leaves());
    if (optimizer.find_not_finite() == nullptr) return -rerun_->value();
  }
  rerun_->take_back_draws();
  return std::nullopt;
}

}  // namespace ember::inference
