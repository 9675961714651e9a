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

/// A number for people, of so many significant digits; those left of the point are there in any
/// case, up to 15.
std::string text_of_number(double value, int digits);

/// The number that text_of_number shows.
double rounded(double value, int digits);

/// A number for people, of so many digits right of the point.
std::string text_of_decimals(double value, int decimals);

}  // namespace ember::detail
