// Transformed: y = T(x), x from a base distribution; log p(y) = log p(x) - log |det dT/dx|.
#pragma once

#include <optional>
#include <vector>

#include <ember/distributions/distribution.hpp>
#include <ember/distributions/transform.hpp>

namespace ember::distributions {

/// The first transform is applied first. Where a transform works on whole vectors, axes of the
/// base's batch become part of the event.
class Transformed : public Distribution {
 public:
  Transformed(const Distribution& base, std::vector<transforms::Transform> transforms);
  Transformed(const Distribution& base, const transforms::Transform& transform);
};

/// The parts of a transformed family; none for others.
struct TransformedParts {
  Distribution base;
  transforms::Transform transform;
};
std::optional<TransformedParts> parts_of(const Family& family);

}  // namespace ember::distributions
