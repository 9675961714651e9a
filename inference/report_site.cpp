// A site as a page shows it.
#include <nlohmann/json.hpp>

#include <ember/handlers/plates_by_dim.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/report_parts.hpp>
#include <ember/inference/report_picture.hpp>

namespace ember::inference::report {

using nlohmann::json;

namespace {

json scale_content(const ScaleFactor& scale) {
  if (scale.is_number()) return number(static_cast<double>(scale.number()));
  const Tensor value = scale.value();
  return {{"shape", sizes(value.shape())},
          {"low", number(static_cast<double>(min(value).item()))},
          {"high", number(static_cast<double>(max(value).item()))}};
}

// The combined mask; and that of each source where several hide something.
json masks_content(const Site& site, const Site::Hidden& hidden, Index limit) {
  json result = json::array();
  if (site.mask.is_all()) return result;
  result.push_back({{"source", "all"}, {"picture", picture_of(site.mask, limit)}});
  const std::size_t n = site.distribution.reinterpreted();
  const Site::OuterMasks& outer = site.outer_masks();
  std::vector<std::pair<const char*, Mask>> sources;
  if (hidden.distribution > 0) {
    sources.emplace_back("distribution", site.distribution.own_mask() & outer.elements);
  }
  if (hidden.handlers > 0) sources.emplace_back("handlers", outer.handlers.unsqueeze_right(n));
  if (outer.obs && hidden.obs > 0) sources.emplace_back("obs_mask", outer.obs->unsqueeze_right(n));
  if (sources.size() < 2) return result;
  for (const auto& [source, mask] : sources) {
    result.push_back(
        {{"source", source}, {"picture", picture_of(mask.broadcast_to(site.mask.shape()), limit)}});
  }
  return result;
}

// Null where the trace did not record relations.
json parents_of(const Site& site) {
  if (!site.parents) return nullptr;
  json names = json::array();
  for (const Name parent : *site.parents) names.push_back(parent.str());
  return names;
}

}  // namespace

json site_content(const Site& site, Index limit) {
  json plates = json::array();
  for (const PlateFrame& plate : plates_by_dim(site.plates)) plates.push_back(plate.name.str());
  json result{{"name", site.name.str()},
              {"kind", to_string(site.kind)},
              {"plates", std::move(plates)},
              {"parents", parents_of(site)}};
  for (const auto& [key, value] : site.infer) {
    std::visit([&, &name = key](const auto& v) { result["infer"][name] = v; }, value);
  }
  result["value"] = values_content(site.value, visible_value(site), limit);
  if (!site.has_distribution()) return result;
  const distributions::Distribution& d = site.distribution;
  const Site::Hidden hidden = site.hidden();
  result["family"] = d.name();
  result["batch"] = sizes(d.batch_shape());
  result["event"] = sizes(d.event_shape());
  result["kept"] = site.mask.count();
  result["total"] = site.mask.numel();
  result["hidden"] = {{"distribution", hidden.distribution},
                      {"handlers", hidden.handlers},
                      {"obs_mask", hidden.obs}};
  result["scale"] = scale_content(site.scale);
  result["log_prob"] = number(static_cast<double>(site.log_prob_sum().item()));
  result["masks"] = masks_content(site, hidden, limit);
  const Tensor& log_prob = site.log_prob();
  if (log_prob.numel() > 1) {
    result["log_probs"] =
        values_content(log_prob, visible_part(site.visible_batch(), log_prob.shape()), limit);
  }
  return result;
}

}  // namespace ember::inference::report
