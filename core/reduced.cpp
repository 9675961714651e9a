#include <ember/core/reduced.hpp>

#include <ember/core/error.hpp>

namespace ember {

Axes::Axes(std::initializer_list<Dim> axes) : axes_(std::in_place) {
  for (Dim axis : axes) {
    if (axes_->full()) fail("axes", "no tensor has more than 12", "name each axis once");
    axes_->push_back(axis.value);
  }
}

namespace detail {

Shape kept_shape(const Shape& shape, const Axes& axes, const char* who) {
  Shape kept = shape;
  if (!axes.list()) {
    for (std::size_t a = 0; a < kept.rank(); ++a) kept[a] = 1;
  } else {
    for (Index axis : *axes.list()) kept[normalize_axis(axis, shape, who)] = 1;
  }
  return kept;
}

Shape result_shape(const Shape& shape, const Axes& axes, const char* who, bool keepdim) {
  if (keepdim) return kept_shape(shape, axes, who);
  if (!axes.list()) return {};
  std::array<bool, kMaxRank> gone{};
  for (Index axis : *axes.list()) gone[normalize_axis(axis, shape, who)] = true;
  Shape result;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    if (!gone[a]) result.push_back(shape[a]);
  }
  return result;
}

Index axis_bits(const Shape& shape, const Axes& axes, const char* who) {
  if (!axes.list()) return (Index{1} << shape.rank()) - 1;
  Index bits = 0;
  for (Index axis : *axes.list()) bits |= Index{1} << normalize_axis(axis, shape, who);
  return bits;
}

Shape kept_from_bits(const Shape& shape, Index bits) {
  Shape kept = shape;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    if ((bits >> a & 1) != 0) kept[a] = 1;
  }
  return kept;
}

}  // namespace detail
}  // namespace ember
