// Trace::load.
#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>
#include <ember/handlers/trace.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ember::Trace;
  Trace trace;
  if (!fuzz::is_read([&] { trace = Trace::load(fuzz::file_of("input", data, size)); })) return 0;
  const std::string copy = fuzz::file("copy");
  trace.save(copy);
  const Trace again = Trace::load(copy);
  fuzz::require_same(ember::detail::read_file(copy), again.to_json().dump() + "\n",
                     "a trace that is saved and read again is another one");
  fuzz::require_same(trace.format_table(), again.format_table(), "so is its table");
  return 0;
}
