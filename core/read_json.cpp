#include <ember/core/read_json.hpp>

#include <nlohmann/json.hpp>

#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>

namespace ember {
namespace {

using nlohmann::json;

Real number_from(const json& value, const std::string& path) {
  if (value.is_null()) return std::numeric_limits<Real>::quiet_NaN();
  return real_from_json(value, path);
}

void collect(const json& value, std::size_t depth, Shape& shape, std::vector<Real>& numbers,
             const std::string& path) {
  if (!value.is_array()) {
    if (depth != shape.rank()) fail("json " + path, "a number stands where a list was expected");
    numbers.push_back(number_from(value, path));
    return;
  }
  if (depth == shape.rank()) {
    if (!numbers.empty()) fail("json " + path, "a list stands where a number was expected");
    shape.push_back(static_cast<Index>(value.size()));
  }
  if (shape[depth] != static_cast<Index>(value.size())) {
    fail("json " + path,
         "a list of " + std::to_string(value.size()) +
             " where the first one of its "
             "level has " +
             std::to_string(shape[depth]),
         "fill the rows up with null, which becomes NaN");
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    collect(value[i], depth + 1, shape, numbers, path + "/" + std::to_string(i));
  }
}

// Whether the first of its numbers is one; other members are no data of ours.
bool is_numeric(const json& value) {
  const json* first = &value;
  while (first->is_array() && !first->empty()) first = &first->front();
  if (first == &value && first->is_string()) return false;
  return first->is_number() || first->is_null() || first->is_array() || *first == "NaN" ||
         *first == "Infinity" || *first == "-Infinity";
}

}  // namespace

NamedTensors read_json(const std::string& file) {
  return detail::reading(file, [&] {
    const detail::JsonFile document(file);
    const json& content = *document;
    if (!content.is_object()) fail("", "expected a JSON object");
    NamedTensors result(file);
    for (const auto& item : content.items()) {
      if (!is_numeric(item.value())) continue;
      Shape shape;
      std::vector<Real> numbers;
      collect(item.value(), 0, shape, numbers, "/" + item.key());
      result.add(item.key(), tensor_of(std::move(numbers), shape));
    }
    return result;
  });
}

}  // namespace ember
