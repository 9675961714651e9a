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

}  // namespace ember::handlers
