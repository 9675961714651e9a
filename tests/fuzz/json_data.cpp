// read_json: data files.
#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>
#include <ember/core/read_json.hpp>

#include "fuzz.hpp"

namespace {

// The numbers from `at` on as nested lists.
nlohmann::json nested(const ember::Tensor& x, std::size_t axis, std::size_t& at) {
  if (axis == x.shape().rank()) return ember::to_json(x.data()[at++]);
  nlohmann::json list = nlohmann::json::array();
  for (ember::Index i = 0; i < x.shape()[axis]; ++i) list.push_back(nested(x, axis + 1, at));
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ember::NamedTensors numbers("");
  if (!fuzz::is_read([&] { numbers = ember::read_json(fuzz::file_of("input", data, size)); })) {
    return 0;
  }
  nlohmann::json content = nlohmann::json::object();
  for (const std::string& name : numbers.names()) {
    std::size_t at = 0;
    const ember::Tensor& x = numbers[name];
    content[name] = nested(x, 0, at);
    if (x.shape().rank() == 0 && content[name].is_string()) content[name] = nullptr;
    fuzz::require(static_cast<ember::Index>(at) == x.numel(), "numbers are left over");
  }
  const std::string copy = fuzz::file("copy");
  ember::detail::write_json_file(copy, content);
  const ember::NamedTensors again = ember::read_json(copy);
  fuzz::require(again.names() == numbers.names(),
                "data that is written and read again is other data");
  for (const std::string& name : numbers.names()) {
    fuzz::require_same(numbers[name], again[name], "so is a member");
  }
  return 0;
}
