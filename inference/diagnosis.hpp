// Finds out, by running a model again, which of its sites is to blame. Slow; used for messages.
#pragma once

#include <string>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/trace.hpp>

namespace ember::inference {

/// The first site whose log density has a gradient that is not finite, at the trace's latents.
std::string find_bad_gradient(FunctionRef<void()> model, const Trace& trace);

/// The first site whose log density reads the values of latent site `latent` that its mask hides.
std::string find_reader(FunctionRef<void()> model, const Trace& trace, Name latent);

}  // namespace ember::inference
