#include <ember/handlers/values.hpp>

#include <ember/core/error.hpp>

namespace ember {

std::vector<std::string> names_of(const Values& values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  return names;
}

const Tensor* find_value(const Values& values, Name name, std::string_view who) {
  const auto found = values.find(name.str());
  if (found == values.end()) return nullptr;
  if (!found->second.defined()) {
    fail("site '" + name.str() + "'", "the value that " + std::string(who) + " has is undefined",
         "give it a value, or leave the name out");
  }
  return &found->second;
}

Index count_of(const Values& draws) {
  if (draws.empty()) fail("draws", "there are none", "give one site's draws or more");
  const Tensor& first = draws.begin()->second;
  for (const auto& [name, values] : draws) {
    if (values.dim() == 0 || first.dim() == 0 || values.shape()[0] != first.shape()[0]) {
      fail("draws",
           "those of '" + name + "' have shape " + to_string(values.shape()) + ", those of '" +
               draws.begin()->first + "' " + to_string(first.shape()),
           "the first axis counts the draws: give as many of each site");
    }
  }
  return first.shape()[0];
}

}  // namespace ember
