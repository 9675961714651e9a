// The parameter store as JSON: what its own files and checkpoints share.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <ember/handlers/param_store.hpp>

namespace ember {

/// An array of {"name", "constraint", "unconstrained", "value"}; "value" is for readers.
nlohmann::json params_to_json(const ParamStore& store);
/// Entries for ParamStore::put; `path` says where `json` stands in its document.
std::vector<ParamStore::Entry> params_from_json(const nlohmann::json& json,
                                                const std::string& path);

}  // namespace ember
