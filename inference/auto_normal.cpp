#include <ember/inference/auto_normal.hpp>

#include <ember/core/operators.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/handlers/param_store.hpp>

namespace ember::inference {

std::vector<ParamStore::Entry> AutoNormalState::make_params(const Latent& latent) const {
  const auto make = [&](const char* part, const Tensor& init, const Constraint& constraint) {
    return param_store().entry(Name(prefix() + part + latent.name.str()), init, constraint);
  };
  return {make(".locs.", latent.init, constraints::real),
          make(".scales.", full(latent.init.shape(), static_cast<Real>(init_scale_)),
               constraints::positive)};
}

Draw AutoNormalState::posterior(const Message& site, JointDraw&) {
  const Latent& latent = latent_at(site);
  const auto param = [&](std::size_t k) {
    return executed(detail::value_of(latent.params.entries[k]), site, latent);
  };
  return {normal_of(latent, transform_at(site, latent), param(0), param(1)), Tensor()};
}

Draw AutoNormalState::draw_at(const Message& site, JointDraw& joint) {
  const Latent& latent = latent_at(site);
  const transforms::Transform& transform = latent.transform;
  if (transform.domain_event_dim() != 0 || transform.codomain_event_dim() != 0 ||
      latent.has_bounds_by_member) {
    return AutoGuideState::draw_at(site, joint);
  }
  const auto param = [&](std::size_t k) {
    return executed(detail::unconstrained_value_of(latent.params.entries[k]), site, latent);
  };
  Draw draw = normal_draw(param(0), param(1),  // positive numbers are kept by their logarithms
                          latent.support.is_unconstrained() ? nullptr : &transform,
                          detail::next_key(site.name));
  const std::size_t events = latent.event_dim + latent.reinterpreted;
  if (events > 0) draw.q = draw.q.to_event(static_cast<Index>(events));
  return draw;
}

Tensor AutoNormalState::quantile_of(const Latent& latent, double p) {
  const Tensor loc = detail::value_of(latent.params.entries[0]);
  const Tensor scale = detail::value_of(latent.params.entries[1]);
  return detail::biject_to_support(latent.support)(loc +
                                                   scale * normal_quantile(static_cast<Real>(p)));
}

}  // namespace ember::inference
