// Numbers that stand side by side, whatever holds them. <ranges> knows them too, and takes a
// program that includes it half a second to compile.
#pragma once

#include <iterator>
#include <type_traits>
#include <utility>

namespace ember::detail {

template <class R>
using IteratorOf = decltype(std::begin(std::declval<const R&>()));

/// An array, a vector, a span, a shape, ..: a contiguous range that knows its size.
template <class R>
concept Contiguous = std::contiguous_iterator<IteratorOf<R>> && requires(const R& r) {
  std::size(r);
  std::end(r);
};

template <Contiguous R>
using ElementOf = std::iter_value_t<IteratorOf<R>>;

}  // namespace ember::detail
