// Values by site or parameter name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ember/core/tensor.hpp>

namespace ember {

using Values = std::map<std::string, Tensor>;

std::vector<std::string> names_of(const Values& values);

/// How many draws there are along the first axis of all values; an error where they disagree.
Index count_of(const Values& draws);

}  // namespace ember
