// Data files: JSON members as tensors.
#pragma once

#include <map>
#include <string>

#include <ember/core/tensor.hpp>

namespace ember {

/// The numbers of a JSON file: each member of its object that is a number or (nested) arrays of
/// numbers, as a tensor. null and "NaN" are NaN; members that are text or objects are left out.
/// Errors name the file and the JSON path.
std::map<std::string, Tensor> read_json(const std::string& file);

}  // namespace ember
