#include <ember/core/mask_list.hpp>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include <ember/core/broadcast.hpp>

namespace ember::detail {

Mask kept_of_list(const Mask& list, const Mask& other) {
  const BroadcastPlan<1> plan(list.shape(), {&other.shape()});
  const bool is_same_shape = other.numel() == list.numel();
  Positions both;
  if (is_same_shape && is_list(other)) {
    std::set_intersection(list.bytes()->positions().begin(), list.bytes()->positions().end(),
                          other.bytes()->positions().begin(), other.bytes()->positions().end(),
                          std::back_inserter(both));
  } else {
    std::copy_if(list.bytes()->positions().begin(), list.bytes()->positions().end(),
                 std::back_inserter(both), [&](Index i) {
                   return (*other.bytes())[is_same_shape ? i : plan.offsets_at(i)[0]];
                 });
  }
  return Mask::from_positions(list.shape(), std::move(both));
}

Mask either_of_lists(const Mask& a, const Mask& b) {
  Positions either;
  std::set_union(a.bytes()->positions().begin(), a.bytes()->positions().end(),
                 b.bytes()->positions().begin(), b.bytes()->positions().end(),
                 std::back_inserter(either));
  return Mask::from_positions(a.shape(), std::move(either));
}

Mask list_repeated(const Mask& list, const Shape& shape) {
  Positions positions;
  for (Index begin = 0; begin < shape.numel(); begin += list.numel()) {
    for (Index i : list.bytes()->positions()) positions.push_back(begin + i);
  }
  return Mask::from_positions(shape, std::move(positions));
}

Mask list_reduced(const Mask& list, const Shape& shape) {
  const BroadcastPlan<1> plan(list.shape(), {&shape});
  Positions positions = list.bytes()->positions();
  for (Index& i : positions) i = plan.offsets_at(i)[0];
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return Mask::from_positions(shape, std::move(positions));
}

Mask list_selected(const Mask& list, const Shape& shape, Index inner, Index size,
                   std::span<const Index> indices) {
  std::unordered_multimap<Index, Index> asked;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    asked.emplace(indices[k], static_cast<Index>(k));
  }
  const auto length = static_cast<Index>(indices.size());
  Positions positions;
  for (Index p : list.bytes()->positions()) {
    const Index row = p / inner;
    const auto [first, last] = asked.equal_range(row % size);
    for (auto it = first; it != last; ++it) {
      positions.push_back((row / size * length + it->second) * inner + p % inner);
    }
  }
  std::sort(positions.begin(), positions.end());
  return Mask::from_positions(shape, std::move(positions));
}

}  // namespace ember::detail
