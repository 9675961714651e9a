// h::condition and h::uncondition: sites become observed, or are drawn although they are.
#pragma once

#include <ember/handlers/tracing.hpp>
#include <ember/handlers/values.hpp>

namespace ember::handlers {

/// Sites of these names are observed at these values. A partially observed site conditioned by its
/// own name becomes a plain observed one.
class ConditionHandler final : public Handler {
 public:
  explicit ConditionHandler(Values values) : values_(std::move(values)) {}
  void process(Message& message) override;

 private:
  Values values_;
};

/// Observed sites are drawn anew, as if they were latent (factors stay).
class UnconditionHandler final : public Handler {
 public:
  /// Whether the observed part of partially observed sites is drawn anew too.
  explicit UnconditionHandler(bool partially_observed = true)
      : partially_observed_(partially_observed) {}
  void process(Message& message) override;

 private:
  bool partially_observed_;
};

/// The values of a trace's latent and observed sites.
Values values_of(const Trace& trace);

/// ConditionHandler for a scope, and around a model.
Handle<ConditionHandler> condition(Values values);
Handle<ConditionHandler> condition(const Trace& trace);
template <Model M>
auto condition(M model, Values values) {
  return wrap<ConditionHandler>(std::move(model), std::move(values));
}
template <Model M>
auto condition(M model, const Trace& trace) {
  return condition(std::move(model), values_of(trace));
}

/// UnconditionHandler for a scope, and around a model.
Handle<UnconditionHandler> uncondition();
template <Model M>
auto uncondition(M model) {
  return wrap<UnconditionHandler>(std::move(model));
}

}  // namespace ember::handlers
