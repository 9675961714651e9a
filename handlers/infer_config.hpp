// h::infer_config: notes for inference algorithms, by a rule instead of at each statement.
#pragma once

#include <functional>

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// Gives the notes that sites and parameters get, in addition to those they have or in their place.
using InferRule = std::function<Infer(const Message&)>;

/// Adds notes to the sites and parameters inside.
class InferConfigHandler final : public Handler {
 public:
  explicit InferConfigHandler(InferRule rule) : rule_(std::move(rule)) {}
  void process(Message& message) override;

 private:
  InferRule rule_;
};

/// InferConfigHandler for a scope, and around a model.
Handle<InferConfigHandler> infer_config(InferRule rule);
template <Model M>
auto infer_config(M model, InferRule rule) {
  return wrap<InferConfigHandler>(std::move(model), std::move(rule));
}

}  // namespace ember::handlers
