#include <ember/handlers/sequential_plate.hpp>

#include <ember/handlers/plate.hpp>

namespace ember {
namespace {

thread_local const sequential_plate::Iteration* innermost = nullptr;

// The two parts of a partially observed site are named after it.
std::string_view part_of_name(const Message& message) {
  if (!message.obs_mask || message.kind != Message::Kind::sample) return "";
  const std::string_view name = message.name;
  for (const std::string_view part : {"_observed", "_unobserved"}) {
    if (name.ends_with(part)) return part;
  }
  return "";
}

}  // namespace

sequential_plate::sequential_plate(Name name, Dim size, const SequentialPlateOptions& options,
                                   const std::source_location& where)
    : frame_{name, 0, size.value, size.value}, indices_(at_place(where, [&] {
        return detail::open_members(frame_, options.subsample_size, options.subsample);
      })) {}

sequential_plate::Iteration::Iteration(const sequential_plate& plate)
    : plate_(plate), outer_(innermost) {
  detail::push_handler(*this);
  innermost = this;
}

sequential_plate::Iteration::~Iteration() {
  innermost = outer_;
  detail::pop_handler();
}

bool sequential_plate::Iteration::is_done() const {
  return position_ == plate_.frame_.subsample_size;
}

Index sequential_plate::Iteration::operator*() const {
  return plate_.indices_ ? plate_.indices_->values()[static_cast<std::size_t>(position_)]
                         : position_;
}

sequential_plate::Iteration& sequential_plate::Iteration::operator++() {
  ++position_;
  return *this;
}

std::string sequential_plate::Iteration::suffix() const {
  const std::string own = "_" + std::to_string(**this);
  return outer_ == nullptr ? own : outer_->suffix() + own;
}

// The innermost loop names a site for all of them.
void sequential_plate::Iteration::process(Message& message) {
  if (innermost == this && !message.names_param()) {
    const std::string_view part = part_of_name(message);
    const std::string_view name = message.name;
    message.rename(std::string(name.substr(0, name.size() - part.size())) + suffix() +
                   std::string(part));
  }
  if (message.kind == Message::Kind::sample) message.scale *= plate_.frame_.scale();
}

}  // namespace ember
