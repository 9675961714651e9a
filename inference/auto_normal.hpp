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
///
/// Where the members of a subsampled plate have supports of their own, those of the members that
/// are executed count; such a site has no quantiles, which would be those of all members.
class AutoNormalState final : public AutoGuideState {
 public:
  explicit AutoNormalState(const AutoNormalOptions& options)
      : AutoGuideState(options.prefix, options.init),
        init_scale_(checked_scale("AutoNormal", options.init_scale)) {}
  bool has_density() const override { return true; }
  Draw posterior(const Message& site, JointDraw& joint) override;
  Draw draw_at(const Message& site, JointDraw& joint) override;

 private:
  std::vector<ParamStore::Entry> make_params(const Latent& latent) const override;
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
