// h::scale: multiplies log densities.
#pragma once

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// The scale is a number or a tensor that broadcasts with each site's batch shape, positive and
/// finite where the site is visible. Nested scales multiply.
class ScaleHandler final : public Handler {
 public:
  explicit ScaleHandler(ScaleFactor scale) : scale_(std::move(scale)) {}
  void process(Message& message) override;

 private:
  ScaleFactor scale_;
};

/// ScaleHandler for a scope, and around a model.
Handle<ScaleHandler> scale(const Tensor& scale);
template <Model M>
auto scale(M model, const Tensor& scale) {
  return wrap<ScaleHandler>(std::move(model), ScaleFactor::of(scale));
}

}  // namespace ember::handlers
