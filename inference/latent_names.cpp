#include <ember/inference/latent_names.hpp>

#include <vector>

#include <ember/core/nearest.hpp>

namespace ember::inference {

std::string latent_names(const Trace& trace, Name wanted, const char* whose) {
  std::vector<std::string> names;
  for (const Site& site : trace) {
    if (site.kind == SiteKind::latent) names.push_back(site.name.str());
  }
  return detail::names_to_choose(wanted, names, whose) + (names.empty() ? "none" : "");
}

}  // namespace ember::inference
