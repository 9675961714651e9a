#include <ember/handlers/condition.hpp>

namespace ember::handlers {

void ConditionHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample && message.kind != Message::Kind::partial) return;
  const Tensor* value = find_value(values_, message.name, "condition");
  if (value == nullptr) return;
  message.value = *value;
  message.is_observed = true;
  if (message.kind == Message::Kind::partial) message.obs_mask.reset();
}

void UnconditionHandler::process(Message& message) {
  if (message.kind != Message::Kind::sample || !message.is_observed) return;
  if (message.distribution.is_factor() || (message.obs_mask && !partially_observed_)) return;
  message.value = Tensor();
  message.is_observed = false;
  message.infer["was_observed"] = true;
}

Values values_of(const Trace& trace) {
  Values values;
  for (const Site& site : trace) {
    if (site.kind == SiteKind::latent || site.kind == SiteKind::observed) {
      values[site.name.str()] = site.value;
    }
  }
  return values;
}

Handle<ConditionHandler> condition(Values values) {
  return make_handle<ConditionHandler>(std::move(values));
}
Handle<ConditionHandler> condition(const Trace& trace) { return condition(values_of(trace)); }

Handle<UnconditionHandler> uncondition() { return make_handle<UnconditionHandler>(); }

}  // namespace ember::handlers
