// Values by site or parameter name.
#pragma once

#include <map>
#include <string>

#include <ember/core/tensor.hpp>

namespace ember {

using Values = std::map<std::string, Tensor>;

}  // namespace ember
