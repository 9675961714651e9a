#include <ember/handlers/infer_config.hpp>

namespace ember::handlers {

void InferConfigHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample && message.kind != Message::Kind::param) return;
  for (auto& [key, value] : rule_(message)) message.infer[key] = value;
}

Handle<InferConfigHandler> infer_config(InferRule rule) {
  return make_handle<InferConfigHandler>(std::move(rule));
}

}  // namespace ember::handlers
