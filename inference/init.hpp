// Where automatic guides begin: a value for each latent site.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <ember/handlers/message.hpp>
#include <ember/handlers/values.hpp>

namespace ember::inference {

/// Gives a latent site's first value, in its support: any callable that takes the site's message,
/// whose distribution has all of the site's masks as its own. In a subsampled plate the value is
/// one for the members that are executed, or for all of them.
class Init {
 public:
  /// Sites that it has values of are to be the model's.
  template <class F>
    requires(std::is_invocable_r_v<Tensor, const F&, const Message&> && !std::same_as<F, Init>)
  Init(F f, std::vector<std::string> sites = {})  // NOLINT(google-explicit-constructor)
      : f_(std::move(f)), sites_(std::move(sites)) {}

  Tensor operator()(const Message& site) const { return f_(site); }
  const std::vector<std::string>& sites() const { return sites_; }

 private:
  std::function<Tensor(const Message&)> f_;
  std::vector<std::string> sites_;
};

/// The element-wise median of draws from the prior.
Init init_to_median(Index num_samples = 15);
/// One draw from the prior.
Init init_to_sample();
/// The prior's mean; its median at elements that have none.
Init init_to_mean();
/// These values; other sites as `otherwise` says. A name that the model lacks is an error.
Init init_to_value(Values values, Init otherwise = init_to_median());
/// Uniform in (-radius, radius) on the unconstrained scale.
Init init_to_uniform(double radius = 2);
/// The point that 0 on the unconstrained scale is mapped to.
Init init_to_feasible();

}  // namespace ember::inference
