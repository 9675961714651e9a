#include <ember/handlers/tracing.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

// A plate that was opened before in this execution keeps its indices, a lifted parameter its value.
void TraceHandler::process(Message& message) {
  if (message.lifted && !message.done) {
    if (const Site* before = trace_.find(message.name)) {
      message.value = before->value;
      message.done = true;
    }
  }
  if (message.kind != Message::Kind::plate || message.done) return;
  const TracePlate* before = trace_.find_plate(message.name);
  if (before == nullptr) return;
  if (before->frame.size != message.plate.size || before->frame.dim != message.plate.dim) {
    const auto text = [](const PlateFrame& f) {
      return "size " + std::to_string(f.size) + ", dim " + std::to_string(f.dim);
    };
    fail("plate '" + message.name.str() + "'",
         "was opened with " + text(before->frame) + " and again with " + text(message.plate),
         "a plate keeps its size and dim in one execution; give the other one another name");
  }
  message.indices = before->indices;
  message.done = true;
}

void TraceHandler::postprocess(Message& message) {
  switch (message.kind) {
    case Message::Kind::partial:
      break;
    case Message::Kind::plate:
      if (trace_.find_plate(message.name) == nullptr) {
        trace_.add(TracePlate{message.plate, message.indices});
      }
      break;
    default:
      if (message.lifted && trace_.contains(message.name)) break;
      trace_.add(Site(message));
  }
}

}  // namespace ember::handlers
