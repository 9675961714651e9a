#include <ember/inference/auto_normal.hpp>

#include <ember/core/operators.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/handlers/param_store.hpp>

namespace ember::inference {

void AutoNormalState::make_params(Latent& latent) {
  const auto make = [&](const char* part, const Tensor& init, const Constraint& constraint) {
    latent.params.push_back(
        param_store().entry(Name(prefix() + part + latent.name.str()), init, constraint));
  };
  make(".locs.", latent.init, constraints::real);
  make(".scales.", full(latent.unconstrained_shape, static_cast<Real>(init_scale_)),
       constraints::positive);
}

distributions::Distribution AutoNormalState::make_posterior(const Latent& latent,
                                                            std::span<const Tensor> params) {
  return normal_of(latent, params[0], params[1]);
}

Tensor AutoNormalState::quantile_of(const Latent& latent, double p) {
  const Tensor loc = detail::value_of(latent.params[0]);
  const Tensor scale = detail::value_of(latent.params[1]);
  return biject_to(latent.support)(loc + scale * normal_quantile(static_cast<Real>(p)));
}

}  // namespace ember::inference
