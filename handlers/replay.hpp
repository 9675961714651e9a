// h::replay: a model meets the values that a guide drew.
#pragma once

#include <ember/handlers/tracing.hpp>
#include <ember/handlers/values.hpp>

namespace ember::handlers {

/// Latent sites take the value of the trace's site of the same name; subsampled plates take its
/// indices. A site that is observed in the trace and latent here is an error.
class ReplayHandler final : public Handler {
 public:
  explicit ReplayHandler(std::shared_ptr<const Trace> trace) : trace_(std::move(trace)) {}
  /// The trace outlives the handler.
  explicit ReplayHandler(const Trace& trace) : trace_(std::shared_ptr<void>(), &trace) {}
  explicit ReplayHandler(Trace&& trace) = delete;
  void process(Message& message) override;

 private:
  std::shared_ptr<const Trace> trace_;
};

/// ReplayHandler for a scope, and around a model.
Handle<ReplayHandler> replay(Trace trace);
template <Model M>
auto replay(M model, Trace trace);

/// A trace whose latent sites have these values: what replay needs of one.
Trace latents(const Values& values);
Handle<ReplayHandler> replay(const Values& values);
template <Model M>
auto replay(M model, const Values& values) {
  return replay(std::move(model), latents(values));
}

template <Model M>
auto replay(M model, Trace trace) {
  return wrap<ReplayHandler>(std::move(model), std::make_shared<const Trace>(std::move(trace)));
}

}  // namespace ember::handlers
