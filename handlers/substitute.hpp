// h::substitute: fixes parameters.
#pragma once

#include <ember/handlers/handler.hpp>
#include <ember/handlers/values.hpp>

namespace ember::handlers {

/// `param` statements of these names give these (constrained) values; the store is not asked.
class SubstituteHandler final : public Handler {
 public:
  explicit SubstituteHandler(Values values) : values_(std::move(values)) {}
  void process(Message& message) override;

 private:
  Values values_;
};

/// SubstituteHandler for a scope, and around a model.
Handle<SubstituteHandler> substitute(Values values);
template <Model M>
auto substitute(M model, Values values) {
  return wrap<SubstituteHandler>(std::move(model), std::move(values));
}

}  // namespace ember::handlers
