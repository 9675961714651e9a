#include <ember/handlers/scale.hpp>

#include <ember/core/error.hpp>
#include <ember/core/node.hpp>

namespace ember {

ScaleFactor ScaleFactor::of(const Tensor& scale) {
  const detail::Node& node = scale.node();
  if (scale.dim() == 0 && !node.requires_grad && node.sources == nullptr) return scale.item();
  return ScaleFactor(scale);
}

namespace handlers {

void ScaleHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample) return;
  at_site(message.name, message.place, [&] { message.scale *= scale_; });
}

Handle<ScaleHandler> scale(const Tensor& scale) {
  return make_handle<ScaleHandler>(ScaleFactor::of(scale));
}

}  // namespace handlers
}  // namespace ember
