#include <ember/handlers/primitives.hpp>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/unit.hpp>
#include <ember/handlers/handler.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/plate.hpp>
#include <ember/handlers/shown.hpp>

namespace ember {
namespace detail {
namespace {

Tensor draw(const Message& message) {
  if (message.draws_hidden) return message.distribution.sample(message.name, {});
  return as_shown(message).sample(message.name, {});
}

// Apart, or what it needs would be set up for each observation.
[[gnu::noinline]] void draw_value(Message& message) {
  message.value = with_context("site", message.name, [&] { return draw(message); });
}

}  // namespace

void default_action(Message& message) {
  switch (message.kind) {
    case Message::Kind::sample:
      if (!message.value.defined()) draw_value(message);
      break;
    case Message::Kind::param:
      message.value = param_store().use(message.name, message.value, message.constraint);
      break;
    case Message::Kind::plate:
      if (!message.indices && message.plate.subsample_size < message.plate.size) {
        message.indices = choose_members(message.plate);
      }
      break;
    case Message::Kind::partial:
    case Message::Kind::deterministic:
      break;
  }
  message.done = true;
}

namespace {

void check_name(Name name, const char* statement, const Place& place) {
  if (name.empty()) at_place(place, [&] { fail(statement, "a site needs a name"); });
}

Tensor send_sample(Name name, const distributions::Distribution& distribution, const Tensor* obs,
                   const Mask* obs_mask, const Infer& infer, const Place& place) {
  Message message;
  message.name = name;
  message.place = place;
  message.distribution = distribution;
  if (obs != nullptr) {
    message.value = *obs;
    message.is_observed = true;
  }
  if (obs_mask != nullptr) message.obs_mask = *obs_mask;
  message.infer = infer;
  at_place(place, [&] { apply_stack(message); });
  return std::move(message.value);
}

Tensor send_deterministic(Name name, const Tensor& value, const Place& place) {
  check_name(name, "deterministic", place);
  Message message;
  message.kind = Message::Kind::deterministic;
  message.name = name;
  message.place = place;
  message.value = value;
  message.is_observed = true;
  at_place(place, [&] { apply_stack(message); });
  return std::move(message.value);
}

}  // namespace
}  // namespace detail

namespace {

Tensor sample_partially(Name name, const distributions::Distribution& distribution,
                        const SampleOptions& options, const Place& place) {
  Message announced;
  announced.kind = Message::Kind::partial;
  announced.name = name;
  announced.place = place;
  announced.distribution = distribution;
  if (options.obs) announced.value = *options.obs;
  announced.is_observed = options.obs.has_value();
  announced.obs_mask = options.obs_mask;
  announced.infer = options.infer;
  at_place(place, [&] { detail::apply_stack(announced); });
  const Tensor* obs = announced.value.defined() ? &announced.value : nullptr;
  if (!announced.obs_mask || obs == nullptr) {
    return detail::send_sample(name, announced.distribution, obs, nullptr, announced.infer, place);
  }
  const Mask& mask = *announced.obs_mask;
  const Mask missing = !mask;
  const Tensor observed = detail::send_sample(Name(name + "_observed"), announced.distribution, obs,
                                              &mask, announced.infer, place);
  const Tensor unobserved = detail::send_sample(Name(name + "_unobserved"), announced.distribution,
                                                nullptr, &missing, announced.infer, place);
  return at_site(name, place, [&] {
    const std::size_t event_dim = announced.distribution.event_shape().rank();
    return detail::send_deterministic(
        name, ember::where(mask.unsqueeze_right(event_dim), observed, unobserved), place);
  });
}

}  // namespace

Tensor sample(Name name, const distributions::Distribution& distribution,
              const SampleOptions& options, const std::source_location& where) {
  const Place place(where);
  detail::check_name(name, "sample", place);
  if (!distribution.defined()) {
    fail_at_site(name, place, "the distribution is undefined", "give it a value first");
  }
  if (options.obs && !options.obs->defined()) {
    fail_at_site(name, place, "the observation is undefined",
                 "give it a value, or leave .obs out where the site is latent");
  }
  if (options.obs_mask) return sample_partially(name, distribution, options, place);
  return detail::send_sample(name, distribution, options.obs ? &*options.obs : nullptr, nullptr,
                             options.infer, place);
}

Tensor deterministic(Name name, const Tensor& value, const std::source_location& where) {
  return detail::send_deterministic(name, value, where);
}

void factor(Name name, const Tensor& log_factor, const std::source_location& where) {
  detail::check_name(name, "factor", where);
  const Tensor nothing = zeros(concatenate(log_factor.shape(), Shape{0}));
  detail::send_sample(name, distributions::Unit(log_factor), &nothing, nullptr, {}, where);
}

Tensor param(Name name, const Tensor& init, const Constraint& constraint,
             const ParamOptions& options, const std::source_location& where) {
  detail::check_name(name, "param", where);
  Message message;
  message.kind = Message::Kind::param;
  message.name = name;
  message.place = where;
  message.value = init;
  message.constraint = constraint;
  message.event_dim = options.event_dim;
  at_place(message.place, [&] { detail::apply_stack(message); });
  return message.value;
}

Tensor param(Name name, const std::source_location& where) {
  return param(name, Tensor(), constraints::real, {}, where);
}

}  // namespace ember
