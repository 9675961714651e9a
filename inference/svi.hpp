// SVI: stochastic variational inference.
#pragma once

#include <concepts>
#include <memory>
#include <set>

#include <ember/inference/elbo.hpp>
#include <ember/inference/fit.hpp>
#include <ember/inference/optimizer.hpp>

namespace ember::inference {

class RecordedStep;

/// What SVI does whatever the types of model and guide are.
class SVIEngine {
 public:
  SVIEngine(std::shared_ptr<Optimizer> optimizer, TraceELBO elbo);
  SVIEngine(const SVIEngine&) = delete;
  SVIEngine& operator=(const SVIEngine&) = delete;
  ~SVIEngine();

  /// One gradient step on the parameters; gives the loss (the negative ELBO) before it. A loss or
  /// gradient that is not finite is an error that names the site where it began, and nothing moves.
  Real step(FunctionRef<void()> model, const GuideProgram& guide);
  Real evaluate_loss(FunctionRef<void()> model, const GuideProgram& guide);
  Fit run(Index steps, const RunOptions& options, FunctionRef<void()> model,
          const GuideProgram& guide);

  void save(const std::string& path) const;
  void load(const std::string& path);

 private:
  Real run(FunctionRef<void()> model, const GuideProgram& guide);
  Real compute(FunctionRef<void()> model, const GuideProgram& guide, RecordedStep* recorded);
  void check_gradients(FunctionRef<void()> model, FunctionRef<void()> guide);
  void check_reads_of_hidden(FunctionRef<void()> model);

  std::shared_ptr<Optimizer> optimizer_;
  TraceELBO elbo_;
  detail::ParamLeaves leaves_;
  std::unique_ptr<RecordedStep> recorded_;
  std::set<std::string> warned_;
};

/// Fits a guide to a model: maximises the ELBO over the parameters of both.
///
///     infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}), infer::TraceELBO());
///     for (int i = 0; i < 1000; ++i) svi.step(data);
template <class Model, class Guide>
class SVI {
 public:
  template <std::derived_from<Optimizer> O>
  SVI(Model model, Guide guide, O optimizer, TraceELBO elbo = TraceELBO())
      : model_(std::move(model)),
        guide_(std::move(guide)),
        engine_(std::make_shared<SVIEngine>(std::make_shared<O>(std::move(optimizer)),
                                            std::move(elbo))) {}

  /// One step, with the arguments of model and guide; gives the loss.
  template <class... Args>
  Real step(const Args&... args) {
    return apply([&](auto model, const GuideProgram& guide) { return engine_->step(model, guide); },
                 args...);
  }
  /// The loss without a step.
  template <class... Args>
  Real evaluate_loss(const Args&... args) {
    return apply(
        [&](auto model, const GuideProgram& guide) { return engine_->evaluate_loss(model, guide); },
        args...);
  }
  /// That many steps, or until convergence.
  template <class... Args>
  Fit run(Index steps, const RunOptions& options, const Args&... args) {
    return apply(
        [&](auto model, const GuideProgram& guide) {
          return engine_->run(steps, options, model, guide);
        },
        args...);
  }

  /// A checkpoint: the parameter store, the optimiser's states, and this thread's random numbers. A
  /// fit that loads it goes on bit for bit, in another process too. A damaged file is an error
  /// that changes nothing.
  void save(const std::string& path) const { engine_->save(path); }
  void load(const std::string& path) { engine_->load(path); }

 private:
  template <class F, class... Args>
  auto apply(F f, const Args&... args) {
    const auto model = [&] { static_cast<void>(model_(args...)); };
    const auto guide = [&] { static_cast<void>(guide_(args...)); };
    if constexpr (requires { guide_.state(); }) {
      const auto set_up = [&] { guide_.set_up(args...); };
      return f(FunctionRef<void()>(model), GuideProgram{guide, &guide_.state(), set_up});
    } else {
      return f(FunctionRef<void()>(model), GuideProgram{guide});
    }
  }

  Model model_;
  Guide guide_;
  std::shared_ptr<SVIEngine> engine_;
};

}  // namespace ember::inference
