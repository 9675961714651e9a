// AutoNormal: independent normals on the unconstrained scale (mean-field).
#pragma once

#include <ember/inference/auto_guide.hpp>

namespace ember::inference {

/// Options of AutoNormal.
struct AutoNormalOptions {
  Init init = init_to_median();
  double init_scale = 0.1;  // positive
  std::string prefix = "AutoNormal";
};

/// q(z) of a latent site: z = T(u), u ~ Normal(loc, scale) for each coordinate, T = biject_to of
/// the site's support. Parameters PREFIX.locs.SITE and PREFIX.scales.SITE.
class AutoNormalState final : public AutoGuideState {
 public:
  explicit AutoNormalState(const AutoNormalOptions& options)
      : AutoGuideState(options.prefix, options.init),
        init_scale_(checked_scale("AutoNormal", options.init_scale)) {}
  bool has_density() const override { return true; }
  Draw draw_at(const Message& site) override;

 private:
  void make_params(Latent& latent) override;
  distributions::Distribution make_posterior(const Latent& latent,
                                             std::span<const Tensor> params) override;
  Tensor quantile_of(const Latent& latent, double p) override;

  double init_scale_;
};

/// A guide of independent normals: see AutoNormalState.
template <class Model>
class AutoNormal : public AutoGuide<Model, AutoNormalState> {
 public:
  explicit AutoNormal(Model model, const AutoNormalOptions& options = {})
      : AutoGuide<Model, AutoNormalState>(std::move(model),
                                          std::make_shared<AutoNormalState>(options)) {}
};

}  // namespace ember::inference
