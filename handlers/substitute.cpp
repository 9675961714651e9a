#include <ember/handlers/substitute.hpp>

namespace ember::handlers {

void SubstituteHandler::process(Message& message) {
  if (message.kind != Message::Kind::param) return;
  const auto found = values_.find(message.name.str());
  if (found == values_.end()) return;
  message.value = found->second;
  message.done = true;
}

Handle<SubstituteHandler> substitute(Values values) {
  return make_handle<SubstituteHandler>(std::move(values));
}

}  // namespace ember::handlers
