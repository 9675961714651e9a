// What a statement tells inference algorithms: sample(name, d, {.infer = {{"is_auxiliary",
// true}}}).
#pragma once

#include <ember/core/error.hpp>
#include <ember/handlers/site.hpp>

namespace ember::inference {

/// The site's note under a key, or `otherwise`; an error where it is not a T.
template <class T>
T infer_option(const Site& site, const char* key, T otherwise) {
  const auto found = site.infer.find(key);
  if (found == site.infer.end()) return otherwise;
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  fail("site '" + site.name.str() + "'", std::string("its .infer entry '") + key + "' is no " +
                                             (std::is_same_v<T, bool> ? "bool" : "number"));
}

}  // namespace ember::inference
