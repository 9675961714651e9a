// Finds out, by running a program again, which of its sites is to blame. Slow; used for messages:
// an answer is a site of the trace, or null where none is found, and never an error.
#pragma once

#include <ember/core/function_ref.hpp>
#include <ember/handlers/trace.hpp>

namespace ember::inference {

/// The first site of a model or guide whose log density has a gradient that is not finite, at the
/// trace's latents.
const Site* find_bad_gradient(FunctionRef<void()> program, const Trace& trace);

/// The first site whose log density reads the values of latent site `latent` that its mask hides.
const Site* find_reader(FunctionRef<void()> model, const Trace& trace, Name latent);

}  // namespace ember::inference
