#include <ember/core/named_tensors.hpp>

#include <algorithm>

#include <ember/core/error.hpp>
#include <ember/core/nearest.hpp>

namespace ember {

std::size_t NamedTensors::find(std::string_view name) const {
  const auto found =
      std::find_if(items_.begin(), items_.end(), [&](const auto& i) { return i.first == name; });
  return static_cast<std::size_t>(found - items_.begin());
}

void NamedTensors::add(std::string name, Tensor value) {
  items_.emplace_back(std::move(name), std::move(value));
}

std::size_t NamedTensors::position_of(std::string_view name) const {
  const std::size_t position = find(name);
  if (position < items_.size()) return position;
  const std::vector<std::string> there = names();
  fail("file '" + file_ + "'", "there is no '" + std::string(name) + "'",
       there.empty() ? "it holds no numbers"
                     : detail::names_to_choose(name, there, "it has ") + hint_);
}

std::vector<std::string> NamedTensors::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : items_) names.push_back(name);
  return names;
}

}  // namespace ember
