#include <ember/inference/members.hpp>

#include <algorithm>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/handlers/plate.hpp>

namespace ember::inference {
namespace {

// Where a plate's axis is, from the right.
std::size_t axis_of(const PlateFrame& plate, std::size_t event_dim) {
  return static_cast<std::size_t>(-plate.dim) + event_dim;
}

}  // namespace

bool has_bounds_by_member(const Constraint& support, const Plates& plates) {
  const auto has_axis = [&](const Tensor& bound, const PlateFrame& plate) {
    const std::size_t k = axis_of(plate, support.reinterpreted());
    return bound.defined() && bound.shape().rank() >= k &&
           bound.shape().from_right(k) == plate.subsample_size;
  };
  return std::ranges::any_of(plates, [&](const PlateFrame& plate) {
    return is_subsampled(plate) &&
           (has_axis(support.lower(), plate) || has_axis(support.upper(), plate));
  });
}

Tensor executed_rows(const Tensor& x, const Plates& plates, std::size_t event_dim) {
  Tensor rows = x;
  for (const PlateFrame& frame : plates) {
    const std::size_t k = axis_of(frame, event_dim);
    if (!is_subsampled(frame) || x.shape().from_right(k) != frame.size) continue;
    const plate* open = detail::find_open_plate(frame.name);
    if (open == nullptr || !open->is_subsampled()) continue;
    rows = index_select(rows, -static_cast<Index>(k), open->indices());
  }
  return rows;
}

Tensor at_full_size(Tensor x, const Plates& plates, std::size_t event_dim) {
  for (const PlateFrame& plate : plates) {
    const std::size_t k = axis_of(plate, event_dim);
    const Index b = x.shape().from_right(k);
    if (!is_subsampled(plate) || b == plate.size) continue;
    if (b == 0) {
      fail("", "begins with no member of plate '" + plate.name.str() + "': it has no first values",
           "set the guide up with a subsample that is not empty");
    }
    std::vector<Index> rows;
    for (Index i = 0; i < plate.size; ++i) rows.push_back(i % b);
    x = index_select(x, -static_cast<Index>(k), rows);
  }
  return x;
}

Tensor over_site(const Tensor& value, const Message& site) {
  const Shape event = site.distribution.event_shape();
  Shape shape = concatenate(site.distribution.batch_shape(), event);
  for (const PlateFrame& plate : site.plates) {
    const std::size_t k = axis_of(plate, event.rank());
    if (is_subsampled(plate) && value.shape().from_right(k) != plate.subsample_size) {
      shape[shape.rank() - k] = plate.size;
    }
  }
  return expand(value, shape);
}

}  // namespace ember::inference
