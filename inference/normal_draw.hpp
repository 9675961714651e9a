// AutoNormal's draw at one site, when guide and model run as one.
#pragma once

#include <ember/core/random.hpp>
#include <ember/distributions/distribution.hpp>
#include <ember/distributions/transform.hpp>

namespace ember::inference {

/// A draw and the distribution that it is from.
struct Draw {
  distributions::Distribution q;
  Tensor value;
};

/// z = T(loc + exp(log_scale) e) with e ~ Normal(0, 1), all of one shape, T element-wise (none: the
/// identity). The distribution gives the density of this very draw, which depends on the parameters
/// as
///
///     log q(z) = sum(-e^2 / 2 - log_scale - log(2 pi) / 2 - log |T'(u)|),
///
/// so that nothing is inverted, and loc is not reached by it.
Draw normal_draw(const Tensor& loc, const Tensor& log_scale, const transforms::Transform* transform,
                 detail::RandomKey key);

}  // namespace ember::inference
