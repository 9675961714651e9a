#include <ember/handlers/tracing.hpp>

#include <algorithm>
#include <iterator>

#include <ember/core/error.hpp>

namespace ember::handlers {
namespace {

// Which of the trace's sites reach the density of the site that a message becomes.
std::vector<Name> parents_of(const Message& message, const Trace& trace) {
  using detail::join;
  detail::Sources sources = nullptr;
  const bool is_drawn = message.kind == Message::Kind::sample && !message.is_observed;
  if (message.value.defined() && !is_drawn) sources = detail::sources_of(message.value);
  if (message.kind == Message::Kind::sample) {
    sources = join(sources, join(message.distribution.sources(), message.mask.sources()));
    if (message.obs_mask) sources = join(sources, message.obs_mask->sources());
    if (!message.scale.is_number()) {
      sources = join(sources, detail::sources_of(message.scale.tensor()));
    }
  }
  const auto names = detail::names_of(sources);
  std::vector<Name> parents;
  for (const Site& site : trace) {
    if (std::find(names.begin(), names.end(), site.name) != names.end()) {
      parents.push_back(site.name);
    }
  }
  return parents;
}

// From here on the value comes from this site, and no longer from what it was computed of.
void add_related(Trace& trace, Message& message) {
  Site site(message);
  site.parents = parents_of(message, trace);
  if (message.value.defined()) {
    message.value = detail::marked(message.value, message.name);
    site.value = message.value;
  }
  trace.add(std::move(site));
}

}  // namespace

// A plate that was opened before in this execution keeps its indices, a lifted parameter its value.
void TraceHandler::process(Message& message) {
  if (message.lifted && !message.done) {
    if (const Site* before = trace_.find(message.name)) {
      message.value = before->value;
      message.done = true;
    }
  }
  if (message.kind != Message::Kind::plate) return;
  const TracePlate* before = trace_.find_plate(message.name);
  if (before == nullptr) return;
  if (before->frame.dim != message.plate.dim) {
    fail("plate '" + message.name.str() + "'",
         "was opened with dim " + std::to_string(before->frame.dim) + " and again with dim " +
             std::to_string(message.plate.dim),
         "a plate keeps its dim in one execution; give the other one another name");
  }
  before->check_again(message);
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
      add_site(message);
  }
}

void TraceHandler::run(FunctionRef<void()> program) {
  const ember::detail::Pushed inside(*this);
  try {
    program();
  } catch (const Error& error) {
    const std::string message = error.what();
    if (Place::is_in(message) || trace_.empty()) throw;
    const Site& last = *std::prev(trace_.end());
    throw Error(last.place.added_to(message + "; after site '" + last.name.str() + "'"));
  }
}

void TraceHandler::add_site(Message& message) {
  relations_ ? add_related(trace_, message) : trace_.add(message);
}

TraceHandle trace(const TraceOptions& options) {
  return TraceHandle(std::make_shared<TraceHandler>(options));
}

}  // namespace ember::handlers
