#include <ember/handlers/scale.hpp>

#include <ember/core/error.hpp>
#include <ember/core/node.hpp>

namespace ember::handlers {

void ScaleHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample) return;
  with_context("site", message.name, [&] { message.scale *= scale_; });
}

// A constant number takes the short way.
ScaleFactor detail::scale_factor(const Tensor& scale) {
  if (scale.dim() == 0 && !scale.node().requires_grad) return scale.item();
  return ScaleFactor(scale);
}

}  // namespace ember::handlers
