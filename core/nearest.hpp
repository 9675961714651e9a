// The name that somebody may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ember::detail {

/// "did you mean 'theta'? " where one of the names is like this one (letters put in, taken out,
/// replaced or changed with a neighbour: at most a third of its length, and one at least), else
/// "".
std::string did_you_mean(std::string_view name, std::span<const std::string> names);

/// The same, and all of the names behind INTRO: "did you mean 'theta'? its sites are theta, tau".
std::string names_to_choose(std::string_view name, std::span<const std::string> names,
                            std::string_view intro);

}  // namespace ember::detail
