#include <ember/handlers/scale_factor.hpp>

#include <ember/core/node.hpp>

namespace ember {

ScaleFactor ScaleFactor::of(const Tensor& scale) {
  const detail::Node& node = scale.node();
  if (scale.dim() == 0 && !node.requires_grad && node.sources == nullptr) return scale.item();
  return ScaleFactor(scale);
}

}  // namespace ember
