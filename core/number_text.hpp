// Numbers as text. Of files: what Real can't hold is an error, never another number.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include <ember/core/real.hpp>

namespace ember::detail {

/// `value`, which is what reading `text` as a double gave, as a Real. An error where the text is a
/// whole number that Real can't hold, where it is finite and Real is not, and where it is not 0 and
/// Real is.
Real real_of_text(std::string_view text, double value);

/// A number for people, of so many significant digits; those left of the point are there in any
/// case, up to 15. NaN is "nan", whatever its sign.
std::string text_of_number(double value, int digits = 6);
/// The shortest text that is the same number when it is read.
std::string shortest_text(Real value);

/// "1 cell", "3 cells"; MANY is given where it is not ONE with an s.
template <std::integral N>
std::string counted(N n, std::string_view one, std::string_view many = {}) {
  std::string text = std::to_string(n) + ' ';
  if (n == 1) return text.append(one);
  return many.empty() ? text.append(one).append("s") : text.append(many);
}
/// What so many do not do, or one does not.
template <std::integral N>
const char* do_not(N n) {
  return n == 1 ? "does not" : "do not";
}

/// The number that text_of_number shows.
double rounded(double value, int digits);

/// A number for people, of so many digits right of the point.
std::string text_of_decimals(double value, int decimals);

}  // namespace ember::detail
