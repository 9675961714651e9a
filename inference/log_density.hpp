// Log densities of a model at given values.
#pragma once

#include <ember/core/function_ref.hpp>
#include <ember/handlers/condition.hpp>

namespace ember::inference {

/// The log joint of a program, its latent sites observed at these values; an error where a latent
/// site has none.
Tensor log_joint(FunctionRef<void()> program, const Values& values);

/// The same for a model and its arguments.
template <class Model, class... Args>
Tensor log_density(const Model& model, const Values& values, const Args&... args) {
  return log_joint([&] { static_cast<void>(model(args...)); }, values);
}

}  // namespace ember::inference
