#include <ember/inference/auto_delta.hpp>

#include <ember/core/error.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/delta.hpp>
#include <ember/handlers/param_store.hpp>

namespace ember::inference {

std::vector<ParamStore::Entry> AutoDeltaState::make_params(const Latent& latent) const {
  if (latent.has_bounds_by_member) {
    fail("site '" + latent.name.str() + "'",
         "has bounds that differ between the members of a subsampled plate: " + prefix() +
             " would have to know those of all members",
         "use AutoNormal");
  }
  return {param_store().entry(Name(prefix() + "." + latent.name.str()),
                              detail::biject_to_support(latent.support)(latent.init),
                              latent.support)};
}

Draw AutoDeltaState::posterior(const Message& site, JointDraw&) {
  const Latent& latent = latent_at(site);
  const Tensor point = executed(detail::value_of(latent.params.entries[0]), site, latent);
  const distributions::Delta q(point, 0.0, static_cast<Index>(latent.event_dim));
  return {q.to_event(static_cast<Index>(latent.reinterpreted)), Tensor()};
}

Tensor AutoDeltaState::quantile_of(const Latent& latent, double) {
  return detail::value_of(latent.params.entries[0]);
}

}  // namespace ember::inference
