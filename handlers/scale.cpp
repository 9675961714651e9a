#include <ember/handlers/scale.hpp>

#include <ember/core/error.hpp>
#include <ember/core/node.hpp>

namespace ember::handlers {

void ScaleHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample) return;
  at_site(message.name, message.place, [&] { message.scale *= scale_; });
}

// A constant number of which nobody asks where it comes from takes the short way.
ScaleFactor detail::scale_factor(const Tensor& scale) {
  const ember::detail::Node& node = scale.node();
  if (scale.dim() == 0 && !node.requires_grad && node.sources == nullptr) return scale.item();
  return ScaleFactor(scale);
}

Handle<ScaleHandler> scale(const Tensor& scale) {
  return make_handle<ScaleHandler>(detail::scale_factor(scale));
}

}  // namespace ember::handlers
