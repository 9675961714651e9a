// Distributions and constraints as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

#include <ember/distributions/distribution.hpp>
#include <ember/distributions/transform.hpp>

namespace ember {

/// {"family", "parameters", "elements", "event_axes", "mask"}: the normal form of a distribution.
/// A transformed one has "base" and "transform" in place of parameters.
/// Parameters that wait are written where `visible`, a mask over the elements that is a list, keeps
/// them, as coordinates.
nlohmann::json to_json(const distributions::Distribution& distribution,
                       const Mask& visible = Mask(true));
/// A family that this program does not know is kept: its shapes and its JSON, not its density.
distributions::Distribution distribution_from_json(const nlohmann::json& json,
                                                   const std::string& path);

/// Whether a distribution was read from a file and this program does not know its family.
bool is_unknown(const distributions::Distribution& distribution);

nlohmann::json to_json(const transforms::Transform& transform);
transforms::Transform transform_from_json(const nlohmann::json& json, const std::string& path);

nlohmann::json to_json(const Constraint& constraint);
Constraint constraint_from_json(const nlohmann::json& json, const std::string& path);

}  // namespace ember
