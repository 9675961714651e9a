// Masks: one truth value an element; true means "counts". A value type, apart from tensors.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ember/core/pool.hpp>
#include <ember/core/shape.hpp>
#include <ember/core/sources.hpp>

namespace ember {

class Indices;

namespace detail {
class MaskBytes;
}

/// A mask is one of a state (all or none of its elements), bytes that are neither, or the list of
/// its kept positions, which takes no memory for the others. Immutable; copies share what they
/// have.
class Mask {
 public:
  Mask() = default;  // all of a scalar
  template <std::same_as<bool> T>
  Mask(T counts) : none_(!counts) {}  // NOLINT(google-explicit-constructor)

  /// All (or none) of a shape.
  static Mask filled(const Shape& shape, bool counts) { return {shape, counts}; }
  /// From row-major bytes, 0 or 1, as many as the shape has elements.
  static Mask from_bytes(const Shape& shape, std::span<const std::uint8_t> bytes);
  static Mask from_bytes(const Shape& shape, detail::Bytes bytes);
  /// Kept at the ascending positions of a list alone, of as many elements as the shape has.
  static Mask from_positions(const Shape& shape, detail::Positions positions);
  /// The bytes `bytes` seen under a shape of the same number of elements.
  static Mask from_shared(const Shape& shape, std::shared_ptr<const detail::MaskBytes> bytes);

  const Shape& shape() const { return shape_; }
  Index numel() const { return shape_.numel(); }
  /// How many elements are true.
  Index count() const;
  bool is_all() const { return !bytes_ && !none_; }
  bool is_none() const { return none_; }
  bool at(std::initializer_list<Dim> index) const;

  Mask reshape(const Shape& shape) const;
  /// The mask repeated to `shape`; an error (naming WHO) where it does not broadcast to it.
  Mask broadcast_to(const Shape& shape, std::string_view who = "Mask::broadcast_to") const;
  /// With n more axes of size 1 at the end.
  Mask unsqueeze_right(std::size_t n) const;

  /// Where it comes from, and the same mask coming from `more` as well.
  detail::Sources sources() const { return sources_; }
  Mask with_sources(detail::Sources more) && {
    sources_ = detail::join(sources_, more);
    return std::move(*this);
  }

  /// Bytes or positions; empty where the mask is a state.
  const std::shared_ptr<const detail::MaskBytes>& bytes() const { return bytes_; }
  /// Row-major bytes, also of a state.
  std::vector<std::uint8_t> to_bytes() const;

  friend Mask operator&(const Mask& a, const Mask& b);
  friend Mask operator|(const Mask& a, const Mask& b);
  friend Mask operator!(const Mask& a);
  /// Whether shapes and all elements agree.
  friend bool operator==(const Mask& a, const Mask& b);

 private:
  Mask(const Shape& shape, bool counts) : shape_(shape), none_(!counts) {}

  Shape shape_;
  bool none_ = false;                               // meaningful where there are no bytes
  std::shared_ptr<const detail::MaskBytes> bytes_;  // some true and some false
  detail::Sources sources_ = nullptr;
};

/// The values as a vector, and in row-major order under a shape.
Mask mask_of(std::initializer_list<bool> values);
Mask mask_of(const std::vector<bool>& values, const Shape& shape);

/// True at these coordinates, one list of indices an axis, and nowhere else: time and memory follow
/// their number, whatever the shape says. Repeated coordinates count once.
Mask mask_at(const Shape& shape, const std::vector<Indices>& coordinates);

/// Whether any / all elements are true, over everything or along one axis (which disappears).
Mask any(const Mask& mask);
Mask all(const Mask& mask);
Mask any(const Mask& mask, Index axis);
Mask all(const Mask& mask, Index axis);

/// Whether any element is true of those that broadcasting `shape` to the mask's shape makes of one
/// element.
Mask any_to_shape(const Mask& mask, const Shape& shape);

/// The selections of tensors, on masks.
Mask index_select(const Mask& mask, Index axis, std::span<const Index> indices);

/// Its shape and how many elements it keeps.
std::string to_string(const Mask& mask);
namespace detail {
/// Its elements, 1 where one counts and 0 where it is hidden, laid out as those of a tensor are.
std::string text_of_bits(const Mask& mask);
}  // namespace detail

}  // namespace ember
