// The one exception of ember, and the one place where its messages are put together.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace ember {

/// What went wrong, in one line: who (function, site or parameter), what, with the shapes or values
/// concerned, and a remedy.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Error("WHO: WHAT; REMEDY"). WHO may be empty, REMEDY too.
[[noreturn]] void fail(std::string_view who, std::string_view what, std::string_view remedy = {});

/// Runs f; an Error that escapes gets "CONTEXT: " in front (once: an error that already names it
/// passes as it is).
template <class F>
decltype(auto) with_context(std::string_view kind, std::string_view name, F&& f);

/// "site 'y': MESSAGE", unless MESSAGE begins so already.
std::string in_context(std::string_view kind, std::string_view name, std::string_view message);

template <class F>
decltype(auto) with_context(std::string_view kind, std::string_view name, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Error(in_context(kind, name, error.what()));
  }
}

}  // namespace ember
