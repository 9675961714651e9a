// h::lift: parameters get priors.
#pragma once

#include <map>
#include <string>

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// Distributions by parameter name.
using Priors = std::map<std::string, distributions::Distribution>;

/// `param` statements of these names become `sample` statements from the prior: latent sites,
/// under all plates, masks and scales that stand around them. The store is not asked, initial value
/// and constraint do not count; the prior draws what the initial value has, in shape (within
/// plates, with .event_dim: in its event axes). A parameter that is asked for again in one traced
/// execution has the value that was drawn first.
class LiftHandler final : public Handler {
 public:
  /// An error where a prior is undefined.
  explicit LiftHandler(Priors priors);
  void process(Message& message) override;

 private:
  Priors priors_;
};

/// LiftHandler for a scope, and around a model.
Handle<LiftHandler> lift(Priors priors);
template <Model M>
auto lift(M model, Priors priors) {
  return wrap<LiftHandler>(std::move(model), std::move(priors));
}

}  // namespace ember::handlers
