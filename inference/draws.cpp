#include <ember/inference/draws.hpp>

#include <ember/core/error.hpp>
#include <ember/handlers/replay.hpp>

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

Trace row_of(const Values& draws, Index i) {
  Values row;
  for (const auto& [name, values] : draws) row[name] = values[i];
  return handlers::latents(row);
}

}  // namespace ember::inference
