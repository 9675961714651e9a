// Log likelihoods of the observed sites at given draws.
#pragma once

#include <ember/core/function_ref.hpp>
#include <ember/inference/draws.hpp>

namespace ember::inference {

/// For each observed site of a program the log density at each row of `draws`, (num_draws,
/// batch..): 0 where a mask hides an element, without scales, so that elements are those of the
/// data. An error where a latent site has no draws; unobserved parts of discrete sites may be
/// absent and are drawn.
Values log_likelihoods(FunctionRef<void()> program, const Values& draws);

/// The same for a model and its arguments:
///
///     infer::log_likelihood(model, predict(data), data)["y"];
template <class Model, class... Args>
Values log_likelihood(const Model& model, const Values& draws, const Args&... args) {
  return log_likelihoods([&] { static_cast<void>(model(args...)); }, draws);
}

}  // namespace ember::inference
