#include <ember/handlers/intervene.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

// On the way back: whoever is further out has seen the site as it is.
void InterveneHandler::postprocess(Message& message) {
  if (message.kind != Message::Kind::sample && message.kind != Message::Kind::deterministic) return;
  const Tensor* value = find_value(values_, message.name, "intervene");
  if (value == nullptr) return;
  at_site(message.name, message.place, [&] {
    message.value =
        value->expand(broadcast_shapes(value->shape(), message.value.shape(), "intervene"));
  });
  message.kind = Message::Kind::deterministic;
  message.distribution = {};
  message.is_observed = true;
}

Handle<InterveneHandler> intervene(Values values) {
  return make_handle<InterveneHandler>(std::move(values));
}

}  // namespace ember::handlers
