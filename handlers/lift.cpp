#include <ember/handlers/lift.hpp>

#include <ember/core/error.hpp>

namespace ember::handlers {
namespace {

// With event_dim, the other axes are those of plates, which expand the prior.
void check_shape(const Message& param, const distributions::Distribution& prior) {
  if (!param.value.defined()) return;
  const Shape& init = param.value.shape();
  const auto rank = static_cast<Index>(init.rank());
  const Index event_dim = param.event_dim.value_or(rank);
  const Shape expected = init.after(static_cast<std::size_t>(rank - std::min(rank, event_dim)));
  const Shape drawn =
      param.event_dim ? prior.event_shape() : concatenate(prior.batch_shape(), prior.event_shape());
  if (drawn == expected) return;
  fail("param '" + param.name.str() + "'",
       "has shape " + to_string(expected) + ", and lift's prior " + prior.name() + " draws " +
           to_string(drawn),
       "expand the prior to the parameter's shape");
}

}  // namespace

LiftHandler::LiftHandler(Priors priors) : priors_(std::move(priors)) {
  for (const auto& [name, prior] : priors_) {
    if (prior.defined()) continue;
    fail("param '" + name + "'", "the prior that lift has is undefined",
         "give it a distribution, or leave the name out");
  }
}

// The statement starts again as a sample statement, so that the handlers further in treat it as
// one; this one passes it on.
void LiftHandler::process(Message& message) {
  if (message.kind != Message::Kind::param || message.done) return;
  const auto found = priors_.find(message.name.str());
  if (found == priors_.end()) return;
  check_shape(message, found->second);
  Message sample;
  sample.name = message.name;
  sample.place = message.place;
  sample.distribution = found->second;
  sample.lifted = true;
  message = std::move(sample);
  ember::detail::process_further_in(*this, message);
}

Handle<LiftHandler> lift(Priors priors) { return make_handle<LiftHandler>(std::move(priors)); }

}  // namespace ember::handlers
