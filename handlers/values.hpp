// Values by site or parameter name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ember/core/name.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

using Values = std::map<std::string, Tensor>;

std::vector<std::string> names_of(const Values& values);

/// The value of a name, or null; an error (naming WHO) where it is undefined.
const Tensor* find_value(const Values& values, Name name, std::string_view who);

/// How many draws there are along the first axis of all values; an error where they disagree.
Index count_of(const Values& draws);

}  // namespace ember
