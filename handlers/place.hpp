// Where in the model's source a statement stands, for errors.
#pragma once

#include <source_location>
#include <string>
#include <string_view>

#include <ember/core/error.hpp>
#include <ember/core/name.hpp>

namespace ember {

/// A line of a source file; none, of a site that was read from a file.
class Place {
 public:
  Place() = default;
  Place(const std::source_location& where)  // NOLINT(google-explicit-constructor)
      : file_(where.file_name()), line_(where.line()) {}

  /// "plants.cpp:25", or "".
  std::string text() const;
  /// MESSAGE [plants.cpp:25], unless a place stands there already.
  std::string added_to(const std::string& message) const;
  /// Whether a message tells of a place.
  static bool is_in(std::string_view message);

 private:
  const char* file_ = nullptr;
  std::uint_least32_t line_ = 0;
};

/// fail() of a site.
[[noreturn]] void fail_at_site(Name name, const Place& place, std::string_view what,
                               std::string_view remedy = {});

/// Runs f; an Error that escapes tells where the statement stands.
template <class F>
decltype(auto) at_place(const Place& place, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Error(place.added_to(error.what()));
  }
}

/// The same, and the Error names the site.
template <class F>
decltype(auto) at_site(Name name, const Place& place, F&& f) {
  return at_place(place, [&]() -> decltype(auto) { return with_context("site", name, f); });
}

}  // namespace ember
