// Shapes: the sizes of a tensor's axes, inline, of rank at most 12, and NumPy's broadcasting rule.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <ember/core/inline_vector.hpp>
#include <ember/core/real.hpp>

namespace ember {

inline constexpr std::size_t kMaxRank = 12;

namespace detail {
[[noreturn]] void no_index(std::uint64_t value);

/// Any integer as an Index; an error where it does not fit.
template <std::integral T>
constexpr Index to_index(T value) {
  if constexpr (std::unsigned_integral<T> && sizeof(T) >= sizeof(Index)) {
    if (value > static_cast<T>(INT64_MAX)) no_index(value);
  }
  return static_cast<Index>(value);
}
}  // namespace detail

/// One size, from any integral type.
struct Dim {
  template <std::integral T>
  constexpr Dim(T size) : value(detail::to_index(size)) {}  // NOLINT(google-explicit-constructor)
  Index value;
};

/// The sizes of the axes, row-major. A scalar has rank 0. A negative size or a rank above 12 is an
/// error.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Dim> sizes);
  explicit Shape(std::span<const Index> sizes);

  std::size_t rank() const { return sizes_.size(); }
  std::size_t size() const { return sizes_.size(); }
  Index numel() const {
    // Nearly all are of these, and a loop, which compilers turn into vectors, is ten times as much.
    return rank() == 0 ? 1 : rank() == 1 ? sizes_[0] : product();
  }
  Index operator[](std::size_t axis) const { return sizes_[axis]; }
  Index& operator[](std::size_t axis) { return sizes_[axis]; }
  /// The size of the axis that stands k-th from the right (1 is the last); 1 where there is none.
  Index from_right(std::size_t k) const { return k <= rank() ? sizes_[rank() - k] : 1; }

  const Index* begin() const { return sizes_.begin(); }
  const Index* end() const { return sizes_.end(); }

  void push_back(Index size);
  /// The first n axes; the axes from n on.
  Shape first(std::size_t n) const;
  Shape after(std::size_t n) const;
  Shape without(std::size_t axis) const;
  Shape with(std::size_t axis, Index size) const;
  /// With one more axis of size 1, which is then axis `axis`; negative ones count from the end. An
  /// error names WHO.
  Shape with_new_axis(Index axis, std::string_view who) const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.sizes_ == b.sizes_; }

 private:
  Index product() const;

  InlineVector<Index, kMaxRank> sizes_;
};

/// "(3, 2)", "(3,)", "()".
std::string to_string(const Shape& shape);

/// The axes of a followed by those of b.
Shape concatenate(const Shape& a, const Shape& b);

/// NumPy's rule: axes are matched from the right; sizes must agree or one of them be 1. An error
/// names WHO and both.
Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view who);
/// Whether two shapes broadcast with each other.
bool can_broadcast(const Shape& a, const Shape& b);
/// Whether broadcasting `from` against `to` gives `to`.
bool broadcasts_to(const Shape& from, const Shape& to);

/// Turns a possibly negative axis into 0 .. rank-1; an error names WHO, the axis and the shape.
std::size_t normalize_axis(Index axis, const Shape& shape, std::string_view who);

}  // namespace ember
