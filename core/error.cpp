#include <ember/core/error.hpp>

namespace ember {

void fail(std::string_view who, std::string_view what, std::string_view remedy) {
  std::string message;
  if (!who.empty()) message.append(who).append(": ");
  message.append(what);
  if (!remedy.empty()) message.append("; ").append(remedy);
  throw Error(message);
}

std::string in_context(std::string_view kind, std::string_view name, std::string_view message) {
  std::string prefix;
  prefix.append(kind).append(" '").append(name).append("'");
  if (message.substr(0, prefix.size()) == prefix) return std::string(message);
  return prefix.append(": ").append(message);
}

}  // namespace ember
