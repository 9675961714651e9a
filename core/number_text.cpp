#include <ember/core/number_text.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include <ember/core/error.hpp>

namespace ember::detail {
namespace {

constexpr std::size_t kLongest = 400;  // a double has at most 309 digits before the point

std::string_view without_leading_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : digits.substr(first);
}

bool holds_whole(std::string_view digits, double value) {
  std::array<char, kLongest> exact;
  const int n = std::snprintf(exact.data(), exact.size(), "%.0f", std::abs(value));
  return without_leading_zeros(digits) ==
         std::string_view(exact.data(), static_cast<std::size_t>(n));
}

}  // namespace

Real real_of_text(std::string_view text, double value) {
  const Real result = static_cast<Real>(value);
  const std::string_view digits = text.substr(text.find_first_not_of("+-") == 1 ? 1 : 0);
  const bool is_whole = digits.find_first_not_of("0123456789") == std::string_view::npos;
  const std::string_view mantissa = digits.substr(0, digits.find_first_of("eE"));
  const bool is_zero = mantissa.find_first_of("123456789") == std::string_view::npos;
  const bool is_number = mantissa.find_first_not_of("0123456789.") == std::string_view::npos;
  const bool is_held = !is_number || ((std::isfinite(result) && (result != 0 || is_zero)) &&
                                      (!is_whole || holds_whole(digits, result)));
  if (is_held) return result;
  fail("", std::string(text.substr(0, 60)) + " can't be held exactly enough",
       "give it as text, or scale it");
}

std::string text_of_number(double value, int digits) {
  if (std::isnan(value)) return "nan";
  const double size = std::abs(value);
  if (size >= std::pow(10.0, digits) && size < 1e15) return text_of_decimals(value, 0);
  std::ostringstream text;
  text.precision(digits);
  text << value;
  return text.str();
}

std::string shortest_text(Real value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 40> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

double rounded(double value, int digits) {
  return std::strtod(text_of_number(value, digits).c_str(), nullptr);
}

std::string text_of_decimals(double value, int decimals) {
  std::array<char, kLongest> text;
  const int n = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  const std::string result(text.data(), static_cast<std::size_t>(n));
  const bool is_zero = result.find_first_not_of("-0.") == std::string::npos;
  return is_zero && result[0] == '-' ? result.substr(1) : result;
}

}  // namespace ember::detail
