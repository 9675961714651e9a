#include <ember/handlers/scope.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

ScopeHandler::ScopeHandler(std::string prefix) : prefix_(std::move(prefix)) {
  if (prefix_.empty()) fail("scope", "the prefix is empty", "give the names something in front");
  prefix_ += '/';
}

void ScopeHandler::process(Message& message) {
  if (!message.names_param()) message.rename(prefix_ + message.name);
}

Handle<ScopeHandler> scope(std::string prefix) {
  return make_handle<ScopeHandler>(std::move(prefix));
}

}  // namespace ember::handlers
