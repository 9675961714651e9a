// Checkpoints: what a fit needs to go on bit for bit, as a JSON file.
#pragma once

#include <string>

#include <ember/inference/elbo.hpp>
#include <ember/inference/optimizer.hpp>

namespace ember::inference {

/// Writes the parameter store, the optimiser's states, the estimator's baselines, and the seed and
/// counts of this thread's random numbers.
void save_checkpoint(const std::string& path, const Optimizer& optimizer, const TraceELBO& elbo);

/// Puts all of it back; the store keeps parameters that the file lacks. Errors name the file and
/// the JSON path of what is wrong, and then nothing has changed.
void load_checkpoint(const std::string& path, Optimizer& optimizer, TraceELBO& elbo);

}  // namespace ember::inference
