// A step of SVI that is recorded once and run again: see TraceELBOOptions::record_once.
#pragma once

#include <memory>
#include <optional>

#include <ember/core/function_ref.hpp>
#include <ember/core/rerun.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/inference/optimizer.hpp>

namespace ember::inference {

class RecordedStep {
 public:
  /// Whether there is something to run: nobody has replaced parameters since, and validation is on
  /// or off as it was.
  bool is_ready() const {
    return rerun_ && rerun_->is_finished() && store_version_ == param_store().version() &&
           validates_ == validation_enabled();
  }
  /// The loss of one more step, whose gradients the optimiser has collected. None where something
  /// is not as it should be: then nothing has happened, and the program is to be run.
  std::optional<Real> run(Optimizer& optimizer);

  /// Whether the next step is worth recording: not where there is a recording, or several could not
  /// be run again.
  bool is_wanted() const {
    return !is_ready() && attempts_ < kAttempts && !detail::Tape::current().recording();
  }
  /// Calls f(), which runs the program, in a recording; it calls keep() before the reverse pass
  /// from `root`, and has dropped all tensors in the end.
  Real record(FunctionRef<Real()> f);
  void keep(const detail::ParamLeaves& leaves, const Tensor& root);

 private:
  static constexpr int kAttempts = 2;  // the first step may differ from all others

  std::unique_ptr<detail::Rerun> rerun_;
  std::vector<detail::ParamLeaves::Leaf*> leaves_;
  std::vector<detail::Node*> nodes_;  // of these, on the tape of the rerun
  std::uint64_t store_version_ = 0;
  bool validates_ = false;
  int attempts_ = 0;
};

}  // namespace ember::inference
