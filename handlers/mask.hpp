// h::mask: sites count only where a mask is true.
#pragma once

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// The mask broadcasts with each site's batch shape and is combined with all others by AND. What it
/// hides is not evaluated.
class MaskHandler final : public Handler {
 public:
  explicit MaskHandler(Mask mask) : mask_(std::move(mask)) {}
  void process(Message& message) override;

 private:
  Mask mask_;
};

/// MaskHandler for a scope, and around a model.
Handle<MaskHandler> mask(Mask mask);
template <Model M>
auto mask(M model, Mask mask) {
  return wrap<MaskHandler>(std::move(model), std::move(mask));
}

}  // namespace ember::handlers
