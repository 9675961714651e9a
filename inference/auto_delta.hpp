// AutoDelta: a point for each latent site (maximum a posteriori).
#pragma once

#include <ember/inference/auto_guide.hpp>

namespace ember::inference {

/// Options of AutoDelta.
struct AutoDeltaOptions {
  Init init = init_to_median();
  std::string prefix = "AutoDelta";
};

/// q of a latent site: all mass in one point of its support. No Jacobian is added: the fit
/// maximises the log joint of the constrained values. Parameters PREFIX.SITE.
class AutoDeltaState final : public AutoGuideState {
 public:
  explicit AutoDeltaState(const AutoDeltaOptions& options)
      : AutoGuideState(options.prefix, options.init) {}
  bool has_density() const override { return false; }
  Draw posterior(const Message& site, JointDraw& joint) override;

 private:
  std::vector<ParamStore::Entry> make_params(const Latent& latent) const override;
  Tensor quantile_of(const Latent& latent, double p) override;
};

/// A guide of point masses, for maximum a posteriori estimates: see AutoDeltaState.
template <class Model>
class AutoDelta : public AutoGuide<Model, AutoDeltaState> {
 public:
  explicit AutoDelta(Model model, const AutoDeltaOptions& options = {})
      : AutoGuide<Model, AutoDeltaState>(std::move(model),
                                         std::make_shared<AutoDeltaState>(options)) {}
};

}  // namespace ember::inference
