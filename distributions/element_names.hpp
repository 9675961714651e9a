// How errors name an element where a density works on a list of them.
#pragma once

#include <string>

#include <ember/core/places.hpp>
#include <ember/core/shape.hpp>

namespace ember::distributions {

/// While one is alive, index [i] of a list of elements is named as what it is among all elements.
class ElementNames {
 public:
  ElementNames(const detail::Places& at, const Shape& elements);
  ElementNames(const ElementNames&) = delete;
  ElementNames& operator=(const ElementNames&) = delete;
  ~ElementNames();

  /// Position `i` of a tensor of this shape in words, and that shape.
  static std::string index(Index i, const Shape& shape);
  static std::string shape(const Shape& shape);

 private:
  bool names(const Shape& shape) const;

  const detail::Places& at_;
  const Shape& elements_;
  const ElementNames* outer_;
};

}  // namespace ember::distributions
