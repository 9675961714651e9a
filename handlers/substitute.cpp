#include <ember/handlers/substitute.hpp>

namespace ember::handlers {

void SubstituteHandler::process(Message& message) {
  if (message.kind != Message::Kind::param) return;
  const Tensor* value = find_value(values_, message.name, "substitute");
  if (value == nullptr) return;
  message.value = *value;
  message.done = true;
}

Handle<SubstituteHandler> substitute(Values values) {
  return make_handle<SubstituteHandler>(std::move(values));
}

}  // namespace ember::handlers
