// h::scope: a model's names under a prefix, so that a model may be used twice in another one.
#pragma once

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// Sites and plates are named prefix/name; scopes nest, the outer prefix first. Parameters keep
/// their names: what two uses of a model have in common.
class ScopeHandler final : public Handler {
 public:
  /// An error where the prefix is empty.
  explicit ScopeHandler(std::string prefix);
  void process(Message& message) override;

 private:
  std::string prefix_;
};

/// ScopeHandler for a scope, and around a model.
Handle<ScopeHandler> scope(std::string prefix);
template <Model M>
auto scope(M model, std::string prefix) {
  return wrap<ScopeHandler>(std::move(model), std::move(prefix));
}

}  // namespace ember::handlers
