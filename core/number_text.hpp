// Numbers as text. Of files: what Real can't hold is an error, never another number.
#pragma once

#include <string>
#include <string_view>

#include <ember/core/real.hpp>

namespace ember::detail {

/// `value`, which is what reading `text` as a double gave, as a Real. An error where the text is a
/// whole number that Real can't hold, where it is finite and Real is not, and where it is not 0 and
/// Real is.
Real real_of_text(std::string_view text, double value);

/// A number for people, of so many significant digits.
std::string text_of_number(double value, int digits);

}  // namespace ember::detail
