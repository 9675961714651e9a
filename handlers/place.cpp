#include <ember/handlers/place.hpp>

#include <string_view>

namespace ember {
std::string Place::text() const {
  if (file_ == nullptr) return "";
  const std::string_view path(file_);
  return std::string(path.substr(path.find_last_of('/') + 1)) + ":" + std::to_string(line_);
}

bool Place::is_in(std::string_view message) {
  if (!message.ends_with(']')) return false;
  message.remove_suffix(1);
  const std::size_t digits = message.find_last_not_of("0123456789");
  return digits != std::string_view::npos && digits + 1 < message.size() &&
         message[digits] == ':' && message.rfind(" [", digits) != std::string_view::npos;
}

std::string Place::added_to(const std::string& message) const {
  if (file_ == nullptr || is_in(message)) return message;
  return message + " [" + text() + "]";
}

void fail_at_site(Name name, const Place& place, std::string_view what, std::string_view remedy) {
  try {
    fail("site '" + name.str() + "'", what, remedy);
  } catch (const Error& error) {
    throw Error(place.added_to(error.what()));
  }
}

}  // namespace ember
