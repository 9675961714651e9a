// Predictive: draws of all sites of a model, from its prior or a posterior.
#pragma once

#include <optional>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/trace.hpp>
#include <ember/handlers/values.hpp>
#include <ember/inference/auto_guide.hpp>

namespace ember::inference {

struct PredictiveOptions {
  Index num_samples = 100;
  bool keep_observed = false;  // observed sites keep their data instead of being drawn anew
};

namespace predictive {

/// One execution of a model at the latents of `posterior` (drawn from the prior where null).
Trace predict_once(FunctionRef<void()> model, const Trace* posterior, bool keep_observed);
/// The values of latent, observed and deterministic sites, stacked along a new first axis.
class Draws {
 public:
  void add(const Trace& trace);
  Values stack() const;

 private:
  struct Column {
    Shape shape;
    std::vector<Real> values;
  };
  std::map<std::string, Column> columns_;
  Index count_ = 0;
};
/// Row i of each draw as a trace of latent sites.
Trace row_of(const Values& draws, Index i);
/// How many draws there are; an error where the values disagree.
Index count_of(const Values& draws);

struct Prior {};

}  // namespace predictive

/// Latent sites come from a guide, from given draws (site name -> tensor (n, ..)), or from the
/// prior; observed sites are drawn anew, partially observed ones are completed.
///
///     infer::Predictive predict(model, guide, {.num_samples = 500});
///     Values draws = predict(data);  // site name -> tensor (500, ..)
template <class Model, class Source = predictive::Prior>
class Predictive {
 public:
  Predictive(Model model, Source source, const PredictiveOptions& options = {})
      : model_(std::move(model)), source_(std::move(source)), options_(options) {}
  explicit Predictive(Model model, const PredictiveOptions& options = {})
      : model_(std::move(model)), options_(options) {}

  template <class... Args>
  Values operator()(const Args&... args) const {
    const auto run = [&] { static_cast<void>(model_(args...)); };
    Index n = options_.num_samples;
    if constexpr (std::is_same_v<Source, Values>) n = predictive::count_of(source_);
    predictive::Draws draws;
    for (Index i = 0; i < n; ++i) {
      std::optional<Trace> posterior;
      if constexpr (std::is_same_v<Source, Values>) {
        posterior = predictive::row_of(source_, i);
      } else if constexpr (!std::is_same_v<Source, predictive::Prior>) {
        posterior = handlers::trace(source_).get_trace(args...);
      }
      draws.add(
          predictive::predict_once(run, posterior ? &*posterior : nullptr, options_.keep_observed));
    }
    return draws.stack();
  }

 private:
  Model model_;
  Source source_;
  PredictiveOptions options_;
};

template <class Model>
Predictive(Model, PredictiveOptions) -> Predictive<Model, predictive::Prior>;
template <class Model>
explicit Predictive(Model) -> Predictive<Model, predictive::Prior>;

}  // namespace ember::inference
