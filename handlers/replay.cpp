#include <ember/handlers/replay.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {

void ReplayHandler::process(Message& message) {
  if (message.done) return;
  if (message.kind == Message::Kind::plate) {
    const TracePlate* plate = trace_->find_plate(message.name);
    if (plate == nullptr || !plate->indices) return;
    plate->check_again(message);
    message.indices = plate->indices;
    message.done = true;
  }
  if (message.kind != Message::Kind::sample || message.is_observed) return;
  const Site* site = trace_->find(message.name);
  if (site == nullptr) return;
  if (site->kind != SiteKind::latent) {
    fail("site '" + message.name.str() + "'",
         std::string("is latent here, but ") + to_string(site->kind) + " in the replayed trace",
         "use condition to give observed values");
  }
  message.value = site->value;
  for (const auto& [key, note] : site->infer) message.infer[key] = note;
  message.done = true;
}

Trace latents(const Values& values) {
  Trace trace;
  for (const std::string& name : names_of(values)) {
    Site site;
    site.name = Name(name);
    site.value = *find_value(values, site.name, "replay");
    trace.add(std::move(site));
  }
  return trace;
}

Handle<ReplayHandler> replay(Trace trace) {
  return make_handle<ReplayHandler>(std::make_shared<const Trace>(std::move(trace)));
}
Handle<ReplayHandler> replay(const Values& values) { return replay(latents(values)); }

}  // namespace ember::handlers
