#include <ember/handlers/mask.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

void MaskHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample) return;
  at_site(message.name, message.place, [&] { message.mask = message.mask & mask_; });
}

Handle<MaskHandler> mask(Mask mask) { return make_handle<MaskHandler>(std::move(mask)); }

}  // namespace ember::handlers
