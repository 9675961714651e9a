// Data files: JSON members as tensors.
#pragma once

#include <string>

#include <ember/core/named_tensors.hpp>

namespace ember {

/// The numbers of a JSON file: each member of its object that is a number or (nested) arrays of
/// numbers, as a tensor. null and "NaN" are NaN; text, objects and lists of these are left out.
/// Errors name the file and the JSON path.
NamedTensors read_json(const std::string& file);

}  // namespace ember
