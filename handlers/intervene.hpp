// h::intervene: sites are fixed for what follows, and keep their own density (Pyro's do).
#pragma once

#include <ember/handlers/handler.hpp>
#include <ember/handlers/values.hpp>

namespace ember::handlers {

/// What follows a site of these names reads the given value, as if it were written there; the site
/// itself stays what it was, and nothing reads what it draws. So handlers further out see the site
/// with its own value and density (condition there gives a counterfactual: single world
/// intervention graphs, Richardson and Robins 2013); handlers further in see a deterministic value.
/// Of two interventions on one site the inner one is read. A value broadcasts with the site's; an
/// error names the site and both shapes.
class InterveneHandler final : public Handler {
 public:
  explicit InterveneHandler(Values values) : values_(std::move(values)) {}
  void postprocess(Message& message) override;

 private:
  Values values_;
};

/// InterveneHandler for a scope, and around a model.
Handle<InterveneHandler> intervene(Values values);
template <Model M>
auto intervene(M model, Values values) {
  return wrap<InterveneHandler>(std::move(model), std::move(values));
}

}  // namespace ember::handlers
