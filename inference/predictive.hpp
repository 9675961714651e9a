// Predictive: draws of all sites of a model, from its prior or a posterior.
#pragma once

#include <optional>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/tracing.hpp>
#include <ember/inference/draws.hpp>

namespace ember::inference {

/// Options of Predictive.
struct PredictiveOptions {
  Index num_samples = 100;
  bool keep_observed = false;  // observed sites keep their data instead of being drawn anew
  bool parallel = false;       // one execution under an outer plate: see Predictive
};

namespace predictive {

/// Runs a model and gives what it returns, undefined where that is no tensor.
using Model = FunctionRef<Tensor()>;
/// Where the latents of draw i come from: a guide's or a given draw's trace; the prior where empty.
using Posterior = FunctionRef<std::optional<Trace>(Index)>;

Values one_by_one(Model model, Posterior posterior, Index n, bool keep_observed);
/// `guide` runs the guide, `draws` has n draws; at most one of the two is there.
Values in_parallel(Model model, const FunctionRef<void()>* guide, const Values* draws, Index n,
                   bool keep_observed);

struct Prior {};

}  // namespace predictive

/// Latent sites come from a guide, from given draws (site name -> tensor (n, ..)), or from the
/// prior; observed sites are drawn anew, partially observed ones are completed. What the model
/// returns, where it is a tensor, stands under "_RETURN".
///
///     infer::Predictive predict(model, guide, {.num_samples = 500});
///     Values draws = predict(data);  // site name -> tensor (500, ..)
///
/// With .parallel, guide and model run once, inside of a plate of all draws whose dim is to the
/// left of all others: much faster, for models that broadcast (whose operations take more axes on
/// the left). Subsampled plates have the same members in all draws. A result whose shape does not
/// fit is an error.
template <class Model, class Source = predictive::Prior>
class Predictive {
 public:
  Predictive(Model model, Source source, const PredictiveOptions& options = {})
      : model_(std::move(model)), source_(std::move(source)), options_(options) {}
  explicit Predictive(Model model, const PredictiveOptions& options = {})
      : model_(std::move(model)), options_(options) {}

  template <class... Args>
  Values operator()(const Args&... args) const {
    const auto run = [&]() -> Tensor {
      if constexpr (std::is_convertible_v<decltype(model_(args...)), Tensor>) {
        return model_(args...);
      } else {
        static_cast<void>(model_(args...));
        return {};
      }
    };
    Index n = options_.num_samples;
    const Values* draws = nullptr;
    if constexpr (kHasDraws) {
      draws = &source_;
      n = count_of(source_);
    }
    const auto guide = [&] {
      if constexpr (kHasGuide) static_cast<void>(source_(args...));
    };
    if (options_.parallel) {
      const FunctionRef<void()> guide_ref(guide);
      return predictive::in_parallel(run, kHasGuide ? &guide_ref : nullptr, draws, n,
                                     options_.keep_observed);
    }
    const auto posterior = [&](Index i) -> std::optional<Trace> {
      if constexpr (kHasDraws) return row_of(source_, i);
      if constexpr (kHasGuide) return handlers::trace(guide).get_trace();
      return std::nullopt;
    };
    return predictive::one_by_one(run, posterior, n, options_.keep_observed);
  }

 private:
  static constexpr bool kHasDraws = std::is_same_v<Source, Values>;
  static constexpr bool kHasGuide = !kHasDraws && !std::is_same_v<Source, predictive::Prior>;

  Model model_;
  Source source_;
  PredictiveOptions options_;
};

template <class Model>
Predictive(Model, PredictiveOptions) -> Predictive<Model, predictive::Prior>;
template <class Model>
explicit Predictive(Model) -> Predictive<Model, predictive::Prior>;

}  // namespace ember::inference
