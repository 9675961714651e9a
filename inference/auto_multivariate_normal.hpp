// AutoMultivariateNormal: one normal distribution of all latent sites, with correlations.
#pragma once

#include <ember/inference/auto_guide.hpp>

namespace ember::inference {

/// Options of AutoMultivariateNormal.
struct AutoMultivariateNormalOptions {
  Init init = init_to_median();
  double init_scale = 0.1;  // positive
  std::string prefix = "AutoMultivariateNormal";
};

/// q(z): the sites' unconstrained values one after the other, in program order, are u = loc + L e,
/// e ~ Normal(0, 1), L = diag(scale) (I + lower) with a strictly lower triangular `lower`; z =
/// T(u). Parameters PREFIX.loc, PREFIX.scale and PREFIX.lower, of which only what lies below the
/// diagonal counts.
///
/// log q is a sum over coordinates, log q(u_i | u_1 .. u_i-1): so each site has its own part of it,
/// which its mask and scale act on. What is hidden in an execution is left out of the others' sums
/// too: the visible coordinates are normal with their rows and columns of L, as if there were no
/// others. Sites must all be met when the guide is set up, and stand in no subsampled plate.
class AutoMultivariateNormalState final : public AutoGuideState {
 public:
  explicit AutoMultivariateNormalState(const AutoMultivariateNormalOptions& options)
      : AutoGuideState(options.prefix, options.init),
        init_scale_(checked_scale("AutoMultivariateNormal", options.init_scale)) {}
  bool has_density() const override { return true; }
  Draw posterior(const Message& site, JointDraw& joint) override;

  /// Of u: its mean, and L. An error where the store lacks the guide's parameters.
  Tensor loc();
  Tensor scale_tril();

 private:
  // A site's coordinates: begin <= i < end.
  struct Range {
    Index begin, end;
  };
  Range range_of(Name site) const;
  Tensor value_of(std::size_t k);
  std::vector<ParamStore::Entry> make_params(const Latent& latent) const override;
  std::vector<ParamStore::Entry> make_joint_params(std::span<const Latent> sites) const override;
  bool is_joint_param(const std::string& param) const override;
  Tensor quantile_of(const Latent& latent, double p) override;

  double init_scale_;
};

/// A guide in which all latent sites are jointly normal: see AutoMultivariateNormalState.
template <class Model>
class AutoMultivariateNormal : public AutoGuide<Model, AutoMultivariateNormalState> {
 public:
  explicit AutoMultivariateNormal(Model model, const AutoMultivariateNormalOptions& options = {})
      : AutoGuide<Model, AutoMultivariateNormalState>(
            std::move(model), std::make_shared<AutoMultivariateNormalState>(options)) {}
};

}  // namespace ember::inference
