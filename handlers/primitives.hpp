// The primitives that models are made of: sample, deterministic, factor, param.
#pragma once

#include <optional>

#include <ember/handlers/message.hpp>

namespace ember {

/// What `sample` takes beside name and distribution.
struct SampleOptions {
  std::optional<Tensor> obs = {};     // the observed value; none: the site is latent
  std::optional<Mask> obs_mask = {};  // where obs is really there; broadcasts with the batch shape
  Infer infer = {};
};

/// A draw from a distribution, or an observation of it; gives its value.
///
/// With obs_mask the statement makes three sites: `name_observed` (obs, counting where the mask is
/// true), `name_unobserved` (latent, counting elsewhere), and the deterministic `name`, put
/// together of both, which is what comes back.
///
/// Errors name the site and the line of this statement, here and below.
Tensor sample(Name name, const distributions::Distribution& distribution,
              const SampleOptions& options = {},
              const std::source_location& where = std::source_location::current());

/// A value that the trace keeps under a name; gives it back.
Tensor deterministic(Name name, const Tensor& value,
                     const std::source_location& where = std::source_location::current());

/// Adds a number (or a tensor of them, over the batch shape) to the log joint.
void factor(Name name, const Tensor& log_factor,
            const std::source_location& where = std::source_location::current());

/// What `param` takes beside name, value and constraint.
struct ParamOptions {
  std::optional<Index> event_dim = {};  // how many last axes belong to one value; all of them where
                                        // absent. The other axes are those of plates.
};

/// A learnable parameter: its value in the parameter store, where `init` is put at first.
Tensor param(Name name, const Tensor& init, const Constraint& constraint = constraints::real,
             const ParamOptions& options = {},
             const std::source_location& where = std::source_location::current());
/// A parameter that is in the store already; an error where it is not.
Tensor param(Name name, const std::source_location& where = std::source_location::current());

}  // namespace ember
