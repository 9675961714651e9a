#include <ember/handlers/trace_check.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <span>
#include <utility>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/owed.hpp>
#include <ember/distributions/json.hpp>

namespace ember::detail {
namespace {

using nlohmann::json;

// `size` is that of the terms of which b is made.
bool is_near(Real a, Real b, Real size, bool as_precise) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  const Real rounding = as_precise && sizeof(Real) == 8 ? Real(1e-9) : Real(1e-2);
  return std::isfinite(a) && std::abs(a - b) <= rounding * (1 + size);
}

[[noreturn]] void disagrees(const std::string& path, Real given, Real expected) {
  const auto text = [](Real x) { return text_of_number(static_cast<double>(x), 9); };
  fail("json " + path,
       text(given) + " does not agree with the other members, which make it " + text(expected));
}

void check_elements(const Site& site, const json& value, const std::string& path) {
  const Site::Hidden hidden = site.hidden();
  const std::pair<const char*, Index> counts[] = {{"kept", site.mask.count()},
                                                  {"total", site.mask.numel()},
                                                  {"hidden_by_distribution", hidden.distribution},
                                                  {"hidden_by_handlers", hidden.handlers},
                                                  {"hidden_by_obs_mask", hidden.obs}};
  check_keys(
      value,
      {"kept", "total", "hidden_by_distribution", "hidden_by_handlers", "hidden_by_obs_mask"},
      path);
  for (const auto& [key, count] : counts) {
    const std::string here = path + "/" + key;
    const Index given = count_from_json(member(value, key, path), Index{1} << 52, here);
    if (given != count) disagrees(here, static_cast<Real>(given), static_cast<Real>(count));
  }
}

// The numbers of two log densities: those at coordinates where the computed one has no others.
std::pair<std::span<const Real>, std::span<const Real>> both_stored(const Tensor& computed,
                                                                    const Tensor& given,
                                                                    const std::string& path) {
  const Coordinates* has = coordinates_of(computed);
  if (has == nullptr) return {computed.data(), given.data()};
  const Coordinates* file_has = coordinates_of(given);
  if (file_has == nullptr || file_has->at->at() != has->at->at()) {
    fail("json " + path, "has other coordinates than the mask of the site keeps");
  }
  return {has->values.data(), file_has->values.data()};
}

}  // namespace

void check_site(Site& site, const json& value, bool as_precise, const std::string& path) {
  if (!(mask_from_json(member(value, "mask", path), path + "/mask") == site.mask)) {
    fail("json " + path + "/mask", "does not agree with the masks of which it is combined");
  }
  check_elements(site, member(value, "elements", path), path + "/elements");
  const std::string here = path + "/log_prob";
  const Tensor given = tensor_from_json(member(value, "log_prob", path), here);
  const Shape& elements = site.mask.shape();
  const Shape batch = elements.first(elements.rank() - site.distribution.reinterpreted());
  if (!(given.shape() == batch)) {
    fail("json " + here + "/shape",
         to_string(given.shape()) + " is not the batch shape " + to_string(batch));
  }
  const Real sum = real_from_json(member(value, "log_prob_sum", path), path + "/log_prob_sum");
  if (is_unknown(site.distribution)) site.keep_log_prob(given, sum);
  const Tensor computed =
      with_context("json", path, [&]() -> const Tensor& { return site.log_prob(); });
  const auto [densities, stored] = both_stored(computed, given, here);
  const Real expected = with_context("json", path, [&] { return site.log_prob_sum().item(); });
  Real size = 0;
  for (std::size_t i = 0; i < densities.size(); ++i) {
    size += std::abs(densities[i]);
    if (is_near(stored[i], densities[i], std::abs(densities[i]), as_precise)) continue;
    disagrees(here + "/data/" + std::to_string(i), stored[i], densities[i]);
  }
  if (!is_near(sum, expected, size, as_precise)) disagrees(path + "/log_prob_sum", sum, expected);
}

void check_log_joint(const Trace& trace, const json& value, bool as_precise) {
  const Real given = real_from_json(member(value, "log_prob_sum", ""), "/log_prob_sum");
  const Real expected = trace.log_prob_sum().item();
  Real size = 0;
  for (const Site& site : trace) size += std::abs(site.log_prob_sum().item());
  if (!is_near(given, expected, size, as_precise)) disagrees("/log_prob_sum", given, expected);
}

}  // namespace ember::detail
