// Numbers that stand side by side, whatever holds them. <ranges> knows them too, and takes a
// program that includes it half a second to compile.
#pragma once

#include <iterator>
#include <type_traits>
#include <utility>

namespace ember::detail {

/// An array, a vector, a span, ..: with std::data, std::size and a begin and end for loops.
template <class R>
concept Contiguous = requires(const R& r) {
  std::size(r);
  std::begin(r);
  std::end(r);
} && std::is_pointer_v<decltype(std::data(std::declval<const R&>()))>;

template <Contiguous R>
using ElementOf = std::remove_cvref_t<decltype(*std::data(std::declval<const R&>()))>;

}  // namespace ember::detail
