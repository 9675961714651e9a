#include <ember/inference/draws.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/error.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/handlers/visible_value.hpp>

namespace ember::inference {

void Draws::add(const std::string& name, const Tensor& value) {
  Column& column = columns_[name];
  if (column.count == 0) column.shape = value.shape();
  if (!(column.shape == value.shape())) {
    fail("draws",
         "those of '" + name + "' have shape " + to_string(column.shape) + " in one draw and " +
             to_string(value.shape()) + " in another",
         "draws can only be stacked where shapes stay the same");
  }
  column.values.insert(column.values.end(), value.data().begin(), value.data().end());
  ++column.count;
}

Values Draws::stack() const {
  Values values;
  for (const auto& [name, column] : columns_) {
    values[name] = tensor(column.values, concatenate(Shape{column.count}, column.shape));
  }
  return values;
}

std::vector<std::string> names_of(const Values& draws, const Trace& trace) {
  std::vector<std::string> names;
  for (const Site& site : trace) {
    if (draws.contains(site.name.str())) names.push_back(site.name.str());
  }
  for (const auto& [name, values] : draws) {
    if (!trace.contains(Name(name))) names.push_back(name);
  }
  return names;
}

Mask estimated(const Tensor& draws, const Site* site) {
  const Shape shape = draws.shape().after(1);
  const auto width = static_cast<std::size_t>(shape.numel());
  const std::span<const Real> all = draws.data();
  const auto is_constant = [&](std::size_t k) {
    for (std::size_t i = k; i < all.size(); i += width) {
      if (all[i] != all[k] && !(std::isnan(all[i]) && std::isnan(all[k]))) return false;
    }
    return true;
  };
  std::vector<std::uint8_t> kept(width);
  for (std::size_t k = 0; k < width; ++k) kept[k] = !(std::isnan(all[k]) && is_constant(k));
  if (site != nullptr && site->value.shape() == shape) {
    std::vector<std::size_t> hidden;
    const std::vector<std::uint8_t> visible = visible_value(*site).to_bytes();
    for (std::size_t k = 0; k < width; ++k) {
      if (visible[k] == 0) hidden.push_back(k);
    }
    if (site->kind == SiteKind::latent || std::ranges::all_of(hidden, is_constant)) {
      for (const std::size_t k : hidden) kept[k] = 0;
    }
  }
  return Mask::from_bytes(shape, kept);
}

Trace row_of(const Values& draws, Index i) {
  Values row;
  for (const auto& [name, values] : draws) row[name] = values[i];
  return handlers::latents(row);
}

}  // namespace ember::inference
