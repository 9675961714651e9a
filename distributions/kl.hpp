// The Kullback-Leibler divergence of two distributions.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// KL(p || q) = E_p[log p(x) - log q(x)] in closed form, over the batch shape (that of p broadcast
/// with that of q; the event shapes must be the same).
///
/// Elements count where the masks of both sides are true, all others are 0, with gradient 0;
/// to_event sums. KL(Delta(v) || q) is -log q(v). Where p reaches beyond the support of q it is
/// infinite. Of two Transformed distributions with the same transform it is that of the bases. A
/// pair of families without a closed form is an error; a family of one's own gives its pairs by
/// Custom::kl_to and Custom::kl_from.
Tensor kl_divergence(const Distribution& p, const Distribution& q);

}  // namespace ember::distributions
