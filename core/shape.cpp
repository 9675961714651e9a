#include <ember/core/shape.hpp>

#include <algorithm>

#include <ember/core/error.hpp>

namespace ember {

void detail::no_index(std::uint64_t value) {
  fail("index", std::to_string(value) + " is larger than any size or index",
       "a negative number converted to an unsigned one looks like this");
}

namespace {

// An error where the numbers of a shape have more bytes than an Index counts.
void check_bytes(const Shape& shape) {
  Index bytes = sizeof(Real);
  bool is_empty = false;
  bool overflows = false;
  for (Index size : shape) {
    is_empty = is_empty || size == 0;
    overflows = __builtin_mul_overflow(bytes, size, &bytes) || overflows;
  }
  if (overflows && !is_empty) {
    fail("shape", to_string(shape) + " has more elements than memory has addresses");
  }
}

}  // namespace

Shape::Shape(std::initializer_list<Dim> sizes) {
  for (Dim size : sizes) push_back(size.value);
}

Shape::Shape(std::span<const Index> sizes) {
  for (Index size : sizes) push_back(size);
}

Index Shape::product() const {
  Index n = 1;
  for (Index size : sizes_) n *= size;
  return n;
}

void Shape::push_back(Index size) {
  if (sizes_.full()) {
    fail("shape", "rank is at most 12, and " + to_string(*this) + " was to get one more axis",
         "merge axes with reshape");
  }
  if (size < 0)
    fail("shape", "size " + std::to_string(size) + " is negative", "sizes are 0 or more");
  sizes_.push_back(size);
  if (size > 1) check_bytes(*this);  // otherwise not more elements than before
}

Shape Shape::first(std::size_t n) const {
  Shape result;
  for (std::size_t i = 0; i < n; ++i) result.sizes_.push_back(sizes_[i]);
  return result;
}

Shape Shape::after(std::size_t n) const {
  Shape result;
  for (std::size_t i = n; i < rank(); ++i) result.sizes_.push_back(sizes_[i]);
  if (result.rank() > 1) check_bytes(result);  // an axis of size 0 may be gone
  return result;
}

Shape Shape::without(std::size_t axis) const { return concatenate(first(axis), after(axis + 1)); }

Shape Shape::with(std::size_t axis, Index size) const {
  Shape result = first(axis);
  result.push_back(size);
  return concatenate(result, after(axis + 1));
}

Shape Shape::with_new_axis(Index axis, std::string_view who) const {
  const auto last = static_cast<Index>(rank());
  if (axis < -last - 1 || axis > last) {
    fail(who, "shape " + to_string(*this) + " can't get axis " + std::to_string(axis),
         "axes run from " + std::to_string(-last - 1) + " to " + std::to_string(last));
  }
  const auto a = static_cast<std::size_t>(axis < 0 ? axis + last + 1 : axis);
  return concatenate(concatenate(first(a), Shape{1}), after(a));
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

Shape concatenate(const Shape& a, const Shape& b) {
  if (b.rank() == 0) return a;
  if (a.rank() == 0) return b;
  Shape result = a;
  for (Index size : b) result.push_back(size);
  return result;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view who) {
  if (b.rank() == 0 || a == b) return a;
  if (a.rank() == 0) return b;
  if (!can_broadcast(a, b)) {
    fail(who, "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast",
         "sizes of matching axes, counted from the right, must be equal or 1");
  }
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const std::size_t offset = longer.rank() - shorter.rank();
  for (std::size_t i = 0; i < shorter.rank(); ++i) {
    if (shorter[i] != 1) result[i + offset] = shorter[i];
  }
  if (result.rank() > 1) check_bytes(result);
  return result;
}

bool can_broadcast(const Shape& a, const Shape& b) {
  for (std::size_t k = 1; k <= std::min(a.rank(), b.rank()); ++k) {
    const Index size = a.from_right(k);
    const Index other = b.from_right(k);
    if (size != other && size != 1 && other != 1) return false;
  }
  return true;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  const std::size_t offset = to.rank() - from.rank();
  for (std::size_t i = 0; i < from.rank(); ++i) {
    if (from[i] != 1 && from[i] != to[i + offset]) return false;
  }
  return true;
}

std::size_t normalize_axis(Index axis, const Shape& shape, std::string_view who) {
  const auto rank = static_cast<Index>(shape.rank());
  if (axis < -rank || axis >= rank) {
    fail(who, "axis " + std::to_string(axis) + " of shape " + to_string(shape) + " does not exist",
         rank == 0 ? "a scalar has no axes"
                   : "axes run from " + std::to_string(-rank) + " to " + std::to_string(rank - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

}  // namespace ember
