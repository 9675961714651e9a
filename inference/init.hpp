// Where automatic guides begin: a value for each latent site.
#pragma once

#include <functional>

#include <ember/handlers/message.hpp>
#include <ember/handlers/values.hpp>

namespace ember::inference {

/// Gives a latent site's first value, in its support.
using Init = std::function<Tensor(const Message&)>;

/// The element-wise median of draws from the prior.
Init init_to_median(Index num_samples = 15);
/// One draw from the prior.
Init init_to_sample();
/// The prior's mean; its median where there is none.
Init init_to_mean();
/// These values; other sites as `otherwise` says.
Init init_to_value(Values values, Init otherwise = init_to_median());
/// Uniform in (-radius, radius) on the unconstrained scale.
Init init_to_uniform(double radius = 2);
/// The point that 0 on the unconstrained scale is mapped to.
Init init_to_feasible();

}  // namespace ember::inference
