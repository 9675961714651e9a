// Fit::load.
#include <ember/core/json.hpp>
#include <ember/inference/fit.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ember::inference::Fit;
  Fit fit;
  if (!fuzz::is_read([&] { fit = Fit::load(fuzz::file_of("input", data, size)); })) return 0;
  const std::string copy = fuzz::file("copy");
  const std::string second = fuzz::file("second");
  fit.save(copy);
  const Fit again = Fit::load(copy);
  again.save(second);
  fuzz::require_same(ember::detail::read_file(copy), ember::detail::read_file(second),
                     "a fit that is saved and read again is another one");
  fuzz::require(fit.moving_mean().size() == fit.losses.size(), "a step without a mean");
  static_cast<void>(fit.relative_change());
  return 0;
}
