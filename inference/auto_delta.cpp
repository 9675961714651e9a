#include <ember/inference/auto_delta.hpp>

#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/delta.hpp>
#include <ember/handlers/param_store.hpp>

namespace ember::inference {

void AutoDeltaState::make_params(Latent& latent) {
  latent.params.push_back(param_store().entry(Name(prefix() + "." + latent.name.str()),
                                              biject_to(latent.support)(latent.init),
                                              latent.support));
}

distributions::Distribution AutoDeltaState::make_posterior(const Latent& latent,
                                                           std::span<const Tensor> params) {
  const auto events = static_cast<Index>(latent.reinterpreted);
  return distributions::Delta(params[0], 0.0, static_cast<Index>(latent.event_dim))
      .to_event(events);
}

Tensor AutoDeltaState::quantile_of(const Latent& latent, double) {
  return detail::value_of(latent.params[0]);
}

}  // namespace ember::inference
