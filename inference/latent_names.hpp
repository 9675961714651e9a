// Names for errors about sites that are missing.
#pragma once

#include <string>

#include <ember/handlers/trace.hpp>

namespace ember::inference {

/// "did you mean 'theta'? WHOSE theta, tau": a trace's latent sites, in place of a wanted one.
std::string latent_names(const Trace& trace, Name wanted, const char* whose);

}  // namespace ember::inference
