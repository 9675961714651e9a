#include <ember/core/reduced.hpp>

#include <ember/core/index_text.hpp>

namespace ember {

Axes::Axes(std::initializer_list<Dim> axes) : axes_(std::in_place) {
  for (Dim axis : axes) {
    if (axes_->full()) fail("axes", "no tensor has more than 12", "name each axis once");
    axes_->push_back(axis.value);
  }
}

namespace detail {

Index axis_bits(const Shape& shape, const Axes& axes, const char* who) {
  if (!axes.list()) return (Index{1} << shape.rank()) - 1;
  Index bits = 0;
  for (Index axis : *axes.list()) {
    const Index bit = Index{1} << normalize_axis(axis, shape, who);
    if ((bits & bit) != 0) {
      const Axes::List& list = *axes.list();
      fail(who, "axes " + axes_text({list.begin(), list.size()}) + " of shape " + to_string(shape),
           "name each axis once");
    }
    bits |= bit;
  }
  return bits;
}

Shape kept_shape(const Shape& shape, const Axes& axes, const char* who) {
  return kept_from_bits(shape, axis_bits(shape, axes, who));
}

Shape result_shape(const Shape& shape, const Axes& axes, const char* who, bool keepdim) {
  if (keepdim) return kept_shape(shape, axes, who);
  if (!axes.list()) return {};
  const Index gone = axis_bits(shape, axes, who);
  Shape result;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    if ((gone >> a & 1) == 0) result.push_back(shape[a]);
  }
  return result;
}

Shape kept_from_bits(const Shape& shape, Index bits) {
  Shape kept;  // size by size, each checked: an axis of size 0 may be gone
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    kept.push_back((bits >> a & 1) != 0 ? 1 : shape[a]);
  }
  return kept;
}

}  // namespace detail
}  // namespace ember
