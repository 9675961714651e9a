#include <ember/core/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/mask_list.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/owed.hpp>

namespace ember {

using nlohmann::json;

namespace {

constexpr Index kMaxElements = Index{1} << 40;  // of a shape that a file claims
// A few bytes of a file can ask for so many; of larger masks the bits take less room than the
// values beside them. One run is no more than a state, of any size.
constexpr Index kMaxInRuns = Index{1} << 24;

[[noreturn]] void wrong(const std::string& path, const std::string& what,
                        const std::string& remedy = {}) {
  fail("json " + (path.empty() ? "/" : path), what, remedy);
}

std::string kind(const json& value) { return std::string("found ") + value.type_name(); }

}  // namespace

json to_json(Real number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

json to_json(const Shape& shape) {
  json sizes = json::array();
  for (Index size : shape) sizes.push_back(size);
  return sizes;
}

namespace {

json numbers(const Tensor& x) {
  json data = json::array();
  for (Real v : x.data()) data.push_back(to_json(v));
  return data;
}

}  // namespace

json to_json(const Tensor& x) {
  json result{{"shape", to_json(x.shape())}};
  if (const detail::Coordinates* has = detail::coordinates_of(x)) {
    result["positions"] = has->at->at();
    result["data"] = numbers(has->values);
    if (has->is_zero_elsewhere) result["elsewhere"] = 0;
  } else {
    result["data"] = numbers(x);
  }
  return result;
}

json to_json(const Mask& mask) {
  if (detail::is_list(mask)) {
    return {{"shape", to_json(mask.shape())}, {"positions", mask.bytes()->positions()}};
  }
  if (!mask.bytes() && mask.numel() > kMaxInRuns) {
    const Index n = mask.numel();
    return {{"shape", to_json(mask.shape())}, {"runs", mask.is_none() ? json{n} : json{0, n}}};
  }
  json runs = json::array();
  std::string bits;
  std::uint8_t current = 0;
  Index length = 0;
  for (std::uint8_t bit : mask.to_bytes()) {
    bits += bit != 0 ? '1' : '0';
    if (bit != current) {
      runs.push_back(length);
      current = bit;
      length = 0;
    }
    ++length;
  }
  runs.push_back(length);
  json result{{"shape", to_json(mask.shape())}};
  if (mask.numel() <= kMaxInRuns && runs.dump().size() < bits.size() + 2) {
    result["runs"] = std::move(runs);
  } else {
    result["bits"] = std::move(bits);
  }
  return result;
}

Real real_from_json(const json& value, const std::string& path) {
  if (value.is_number_float()) {
    const Real number = value.get<Real>();
    if (!std::isfinite(number)) wrong(path, value.dump() + " is beyond the numbers of Real");
    return number;
  }
  if (value.is_number()) {
    try {
      return value.is_number_unsigned()
                 ? detail::exactly(static_cast<long double>(value.get<std::uint64_t>()))
                 : detail::exactly(static_cast<long double>(value.get<std::int64_t>()));
    } catch (const Error& error) {
      wrong(path, error.what());
    }
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "NaN") return std::numeric_limits<Real>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<Real>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<Real>::infinity();
    wrong(path, "expected a number, found the text \"" + text.substr(0, 40) + "\"");
  }
  wrong(path, "expected a number, " + kind(value));
}

Shape shape_from_json(const json& value, const std::string& path) {
  if (!value.is_array()) wrong(path, "expected an array of sizes, " + kind(value));
  if (value.size() > kMaxRank) {
    wrong(path, "rank " + std::to_string(value.size()) + " is above " + std::to_string(kMaxRank));
  }
  Shape shape;
  Index numel = 1;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string here = path + "/" + std::to_string(i);
    const Index size = detail::count_from_json(value[i], kMaxElements, here);
    // of the others where one is 0: parts of the shape are multiplied too
    if (size > 0 && numel > kMaxElements / size) wrong(here, "the shape has too many elements");
    if (size > 0) numel *= size;
    shape.push_back(size);
  }
  return shape;
}

namespace {

std::vector<Real> numbers_from_json(const json& object, const std::string& path) {
  const json& data = detail::array_from_json(object, "data", path);
  std::vector<Real> numbers;
  numbers.reserve(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    numbers.push_back(real_from_json(data[i], path + "/data/" + std::to_string(i)));
  }
  return numbers;
}

// Ascending positions of a shape's elements.
detail::Positions positions_from_json(const json& object, const Shape& shape,
                                      const std::string& path) {
  const json& list = detail::array_from_json(object, "positions", path);
  detail::Positions positions;
  positions.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string here = path + "/positions/" + std::to_string(i);
    const Index position = detail::count_from_json(list[i], shape.numel() - 1, here);
    if (!positions.empty() && position <= positions.back()) {
      wrong(here, "positions ascend, and each stands once");
    }
    positions.push_back(position);
  }
  return positions;
}

Tensor coordinates_from_json(const json& value, const Shape& shape, const std::string& path) {
  detail::check_keys(value, {"shape", "positions", "data", "elsewhere"}, path);
  detail::Positions positions = positions_from_json(value, shape, path);
  std::vector<Real> numbers = numbers_from_json(value, path);
  if (numbers.size() != positions.size()) {
    wrong(path + "/data", detail::counted(numbers.size(), "number") + " for " +
                              detail::counted(positions.size(), "position"));
  }
  const bool is_zero_elsewhere = value.contains("elsewhere");
  if (is_zero_elsewhere) detail::count_from_json(value["elsewhere"], 0, path + "/elsewhere");
  const Shape count{numbers.size()};
  return detail::new_coordinates(shape, {detail::Places::make(std::move(positions), shape.numel()),
                                         tensor_of(std::move(numbers), count), is_zero_elsewhere});
}

}  // namespace

Tensor tensor_from_json(const json& value, const std::string& path) {
  const Shape shape = shape_from_json(detail::member(value, "shape", path), path + "/shape");
  if (value.contains("positions")) return coordinates_from_json(value, shape, path);
  detail::check_keys(value, {"shape", "data"}, path);
  std::vector<Real> numbers = numbers_from_json(value, path);
  if (static_cast<Index>(numbers.size()) != shape.numel()) {
    wrong(path + "/data", detail::counted(numbers.size(), "number") + " " +
                              detail::do_not(numbers.size()) + " fill shape " + to_string(shape));
  }
  return tensor_of(std::move(numbers), shape);
}

namespace {

// Of a mask that is as large as it likes: all of it is one run, perhaps after none that is hidden.
Mask state_from_runs(const json& runs, const Shape& shape, const std::string& path) {
  if (runs.empty() || runs.size() > 2) {
    wrong(path + "/shape", "the mask has too many elements to be given as runs");
  }
  const std::string here = path + "/runs/";
  if (runs.size() == 2) detail::count_from_json(runs[0], 0, here + "0");
  const Index n =
      detail::count_from_json(runs.back(), shape.numel(), here + std::to_string(runs.size() - 1));
  if (n != shape.numel()) wrong(path, "the run does not fill shape " + to_string(shape));
  return Mask::filled(shape, runs.size() == 2);
}

}  // namespace

Mask mask_from_json(const json& value, const std::string& path) {
  const Shape shape = shape_from_json(detail::member(value, "shape", path), path + "/shape");
  if (value.contains("positions")) {
    detail::check_keys(value, {"shape", "positions"}, path);
    return Mask::from_positions(shape, positions_from_json(value, shape, path));
  }
  detail::check_keys(value, {"shape", value.contains("bits") ? "bits" : "runs"}, path);
  std::vector<std::uint8_t> bytes;
  if (value.contains("bits")) {
    const std::string bits = detail::string_from_json(value["bits"], path + "/bits");
    for (char c : bits) {
      if (c != '0' && c != '1') wrong(path + "/bits", "expected only 0 and 1");
      bytes.push_back(c == '1' ? 1 : 0);
    }
  } else {
    const json& runs = detail::array_from_json(value, "runs", path);
    if (shape.numel() > kMaxInRuns) return state_from_runs(runs, shape, path);
    std::uint8_t current = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const Index left = shape.numel() - static_cast<Index>(bytes.size());
      const Index n = detail::count_from_json(runs[i], left, path + "/runs/" + std::to_string(i));
      bytes.insert(bytes.end(), static_cast<std::size_t>(n), current);
      current = current != 0 ? 0 : 1;
    }
  }
  if (static_cast<Index>(bytes.size()) != shape.numel()) {
    wrong(path, detail::counted(bytes.size(), "element") + " " + detail::do_not(bytes.size()) +
                    " fill shape " + to_string(shape));
  }
  return Mask::from_bytes(shape, std::move(bytes));
}

namespace detail {

const json& member(const json& object, const char* key, const std::string& path) {
  if (!object.is_object()) wrong(path, "expected an object, " + kind(object));
  const auto found = object.find(key);
  if (found == object.end()) wrong(path, std::string("the key \"") + key + "\" is missing");
  return *found;
}

const json& array_from_json(const json& object, const char* key, const std::string& path) {
  const json& value = member(object, key, path);
  if (!value.is_array()) wrong(path + "/" + key, "expected an array, " + kind(value));
  return value;
}

void check_keys(const json& object, std::initializer_list<std::string_view> known,
                const std::string& path) {
  if (!object.is_object()) wrong(path, "expected an object, " + kind(object));
  for (const auto& item : object.items()) {
    if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    wrong(path + "/" + item.key(), "this key is unknown here",
          names_to_choose(item.key(), names, "there are "));
  }
}

std::string name_from_json(const json& value, const std::string& path) {
  std::string name = string_from_json(value, path);
  if (name.empty()) wrong(path, "the name is empty");
  return name;
}

std::string string_from_json(const json& value, const std::string& path) {
  if (!value.is_string()) wrong(path, "expected a text, " + kind(value));
  return value.get<std::string>();
}

bool bool_from_json(const json& value, const std::string& path) {
  if (!value.is_boolean()) wrong(path, "expected true or false, " + kind(value));
  return value.get<bool>();
}

Index count_from_json(const json& value, Index limit, const std::string& path) {
  if (!value.is_number_integer()) wrong(path, "expected a whole number, " + kind(value));
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  if (too_large || value.get<Index>() < 0 || value.get<Index>() > limit) {
    wrong(path, value.dump() + " is not in 0 .. " + std::to_string(limit));
  }
  return value.get<Index>();
}

void check_schema(const json& document, const char* schema) {
  const std::string found = string_from_json(member(document, "schema", ""), "/schema");
  if (found == schema) return;
  fail("json /schema", "the document is '" + found + "', expected '" + schema + "'");
}

}  // namespace detail
}  // namespace ember
