#include <ember/core/coordinates.hpp>

#include <algorithm>
#include <numeric>

#include <ember/core/index_text.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

// The row-major position of each coordinate.
Positions positions_of(const char* who, const Shape& shape,
                       const std::vector<Indices>& coordinates) {
  if (coordinates.size() != shape.rank() || shape.rank() == 0) {
    fail(who,
         counted(coordinates.size(), "list of indices", "lists of indices") + " for shape " +
             to_string(shape),
         "each axis has one");
  }
  Positions positions(coordinates[0].size());
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    const auto indices = coordinates[a].values();
    if (indices.size() != positions.size()) {
      fail(who,
           "axis " + std::to_string(a) + " has " + counted(indices.size(), "index", "indices") +
               " where axis 0 has " + std::to_string(positions.size()),
           "each coordinate needs an index an axis");
    }
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] < 0 || indices[i] >= shape[a]) {
        fail(who,
             "index " + std::to_string(indices[i]) + ", number " + std::to_string(i) +
                 " of its list, is outside of axis " + std::to_string(a) + " of shape " +
                 to_string(shape),
             index_range(shape[a], 0));
      }
      positions[i] = positions[i] * shape[a] + indices[i];
    }
  }
  return positions;
}

// Values of a list of positions, read at others: each must be among them, unless they are 0
// elsewhere. What is not there stands behind the last one. Gives `at` itself where all are read as
// they stand: a list of what each position is would be of no use, and as large.
PlacesPtr found(const Shape& shape, const Coordinates& has, const PlacesPtr& at) {
  const Positions& stored = has.at->at();
  if (at->at() == stored) return at;
  Positions result = at->at();
  auto next = stored.begin();
  for (Index& i : result) {
    // ascending lists are walked together
    if (next != stored.end() && *next < i) ++next;
    if (next == stored.end() || *next != i)
      next = std::lower_bound(stored.begin(), stored.end(), i);
    const bool is_there = next != stored.end() && *next == i;
    if (!is_there && !has.is_zero_elsewhere) {
      fail("sparse_tensor",
           "nothing is stored at " + index_text(i, shape) + " of shape " + to_string(shape),
           "mask what is not stored: mask_at(shape, coordinates) keeps the rest");
    }
    i = is_there ? next - stored.begin() : has.at->count();
  }
  const Index missing = has.is_zero_elsewhere ? 1 : 0;
  return Places::make(std::move(result), has.at->count() + missing);
}

class OwedCoordinates final : public Owed {
 public:
  OwedCoordinates(Shape shape, Coordinates coordinates)
      : shape_(std::move(shape)), has_(std::move(coordinates)) {
    Owed::has_coordinates = true;
  }
  const Coordinates* coordinates() const override { return &has_; }

  void fill(Node& out) override {
    if (!has_.is_zero_elsewhere) {
      fail("sparse_tensor",
           "a tensor of shape " + to_string(shape_) + " has values at " +
               counted(has_.at->count(), "coordinate") + ", and nothing elsewhere",
           "densities under a mask that keeps these coordinates alone can read it");
    }
    std::fill_n(out.value, out.numel, Real{0});
    const Real* from = values(has_.values);
    for (Index i = 0; i < has_.at->count(); ++i) out.value[(*has_.at)[i]] = from[i];
  }

  Tensor take(const Node& self, const PlacesPtr& at, Index row) const override {
    if (row != 1) return take(self, elements_of_rows(at, row), 1).reshape({at->count(), row});
    if (at == has_.at) return has_.values;
    const PlacesPtr places = has_.at->derived(at, [&] { return found(shape_, has_, at); });
    if (places == at) return has_.values;
    const Tensor& stored = has_.values;
    return take_rows(has_.is_zero_elsewhere ? concatenate({stored, zeros({1})}, 0) : stored, places,
                     1);
  }

 private:
  Shape shape_;
  Coordinates has_;
};

}  // namespace

void backward_coordinates(Node& node) {
  const Coordinates& has = *node.owed->coordinates();
  Node& in = *node.operands[0];
  Bytes bytes(static_cast<std::size_t>(in.numel));
  for (Index i = 0; i < in.numel; ++i) {
    bytes[static_cast<std::size_t>(i)] = node.reach == nullptr || (*node.reach)[(*has.at)[i]];
  }
  Real* out = open_sum_at(in, std::move(bytes));
  for (Index i = 0; out != nullptr && i < in.numel; ++i) {
    const Index at = (*has.at)[i];
    if (node.reach == nullptr || (*node.reach)[at]) out[i] += node.adjoint[at];
  }
}

Tensor new_coordinates(const Shape& shape, Coordinates coordinates) {
  Node& in = coordinates.values.node();
  return wait(Op::coordinates, shape, {&in},
              std::make_unique<OwedCoordinates>(shape, std::move(coordinates)));
}

}  // namespace detail

Mask mask_at(const Shape& shape, const std::vector<Indices>& coordinates) {
  detail::Positions positions = detail::positions_of("mask_at", shape, coordinates);
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  detail::Sources sources = nullptr;
  for (const Indices& axis : coordinates) sources = detail::join(sources, axis.sources());
  return Mask::from_positions(shape, std::move(positions)).with_sources(sources);
}

Tensor sparse_tensor(const Shape& shape, const std::vector<Indices>& coordinates,
                     const Tensor& values) {
  detail::Positions positions = detail::positions_of("sparse_tensor", shape, coordinates);
  if (values.shape() != Shape{positions.size()}) {
    fail("sparse_tensor",
         "values of shape " + to_string(values.shape()) + " for " +
             detail::counted(positions.size(), "coordinate"),
         "each coordinate has one value");
  }
  detail::Positions order(positions.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto position = [&](Index i) { return positions[static_cast<std::size_t>(i)]; };
  std::sort(order.begin(), order.end(),
            [&](Index i, Index j) { return position(i) < position(j); });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(), [&](Index i, Index j) { return position(i) == position(j); });
  if (twice != order.end()) {
    fail("sparse_tensor",
         "coordinate " + detail::index_text(position(*twice), shape) +
             " is given twice, as number " + std::to_string(*twice) + " and number " +
             std::to_string(*(twice + 1)),
         "an element has one value");
  }
  std::sort(positions.begin(), positions.end());
  const Tensor sorted = index_select(values, 0, order);
  auto at = detail::Places::make(std::move(positions), shape.numel());
  Tensor result = detail::new_coordinates(shape, {std::move(at), sorted, false});
  for (const Indices& axis : coordinates) detail::add_sources(result, axis.sources());
  return result;
}

}  // namespace ember
