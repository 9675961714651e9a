#include <ember/core/mask_list.hpp>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>
#include <vector>

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

namespace {

// Ascending positions after an axis of size 1, whose steps are of `inner` elements, has grown to n.
Positions repeated(const Positions& positions, Index n, Index inner) {
  Positions result;
  result.reserve(positions.size() * static_cast<std::size_t>(n));
  for (auto begin = positions.begin(); begin != positions.end();) {
    const Index outer = *begin / inner;
    const auto end =
        std::find_if(begin, positions.end(), [&](Index i) { return i / inner != outer; });
    for (Index k = outer * n; k < (outer + 1) * n; ++k) {
      for (auto i = begin; i != end; ++i) result.push_back(k * inner + *i % inner);
    }
    begin = end;
  }
  return result;
}

}  // namespace

Mask list_repeated(const Mask& list, const Shape& shape) {
  Positions positions = list.bytes()->positions();
  Index inner = 1;
  for (std::size_t k = 1; k <= shape.rank(); ++k) {
    const Index size = shape.from_right(k);
    if (list.shape().from_right(k) != size) positions = repeated(positions, size, inner);
    inner *= size;
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

SelectedPositions select_positions(const Positions& list, const SelectedAxis& axis) {
  const auto length = static_cast<Index>(axis.indices.size());
  SelectedPositions result;
  if (axis.is_first) {
    for (Index k = 0; k < length; ++k) {
      const Index begin = axis.indices[static_cast<std::size_t>(k)] * axis.inner;
      for (auto it = std::lower_bound(list.begin(), list.end(), begin);
           it != list.end() && *it < begin + axis.inner; ++it) {
        result.positions.push_back(k * axis.inner + *it - begin);
        result.from.push_back(it - list.begin());
      }
    }
    return result;
  }
  std::unordered_multimap<Index, Index> asked;
  for (Index k = 0; k < length; ++k) {
    asked.emplace(axis.indices[static_cast<std::size_t>(k)], k);
  }
  std::vector<std::pair<Index, Index>> found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Index row = list[i] / axis.inner, rest = list[i] % axis.inner;
    const auto [first, last] = asked.equal_range(row % axis.size);
    for (auto it = first; it != last; ++it) {
      const Index to = (row / axis.size * length + it->second) * axis.inner + rest;
      found.emplace_back(to, static_cast<Index>(i));
    }
  }
  std::sort(found.begin(), found.end());
  for (const auto& [to, from] : found) {
    result.positions.push_back(to);
    result.from.push_back(from);
  }
  return result;
}

}  // namespace ember::detail
