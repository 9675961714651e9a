// The plates that are open on this thread.
#pragma once

#include <span>

#include <ember/handlers/plate.hpp>

namespace ember::detail {

/// In the order they were opened.
std::span<const plate* const> open_plates();

}  // namespace ember::detail
