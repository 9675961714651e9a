#include <ember/handlers/substitute.hpp>

namespace ember::handlers {

void SubstituteHandler::process(Message& message) {
  if (message.kind != Message::Kind::param) return;
  const auto found = values_.find(message.name.str());
  if (found == values_.end()) return;
  message.value = found->second;
  message.done = true;
}

}  // namespace ember::handlers
