#include <ember/handlers/scale.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

void ScaleHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample) return;
  at_site(message.name, message.place, [&] { message.scale *= scale_; });
}

Handle<ScaleHandler> scale(const Tensor& scale) {
  return make_handle<ScaleHandler>(ScaleFactor::of(scale));
}

}  // namespace ember::handlers
