// Masks as JSON: bits and runs.
#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  nlohmann::json document;
  if (!fuzz::is_read([&] { document = ember::detail::parse_json(text); })) return 0;
  ember::Mask mask;
  if (!fuzz::is_read([&] { mask = ember::mask_from_json(document, ""); })) return 0;
  const nlohmann::json copy = ember::to_json(mask);
  const ember::Mask again = ember::mask_from_json(copy, "");
  fuzz::require(again.shape() == mask.shape() && again == mask,
                "a mask that is written and read again is another one");
  fuzz::require_same(copy.dump(), ember::to_json(again).dump(), "its text is another one");
  return 0;
}
