// The report's page with all that it needs, which cmake/embed_page.cmake makes of
// inference/report/.
#pragma once

#include <span>
#include <string_view>

namespace ember::inference::report {

/// The page in pieces, up to where the data stand and from there on.
std::span<const std::string_view> page_before_data();
std::span<const std::string_view> page_after_data();

}  // namespace ember::inference::report
