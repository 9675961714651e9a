// From the id of a name back to the name.
#pragma once

#include <ember/core/name.hpp>

namespace ember::detail {

/// The name of an id that some name has.
Name name_with_id(std::uint32_t id);

}  // namespace ember::detail
