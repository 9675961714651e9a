// What was found allowed while a recording ran that can be run again is looked at again with it.
#pragma once

#include <ember/core/node.hpp>
#include <ember/distributions/constraint.hpp>

namespace ember {
namespace detail {
void keep_check(const Constraint& constraint, const Tensor& x, const Mask& visible);
void keep_check(Constraint::Kind kind, const Tensor& x, const Mask& visible);
}  // namespace detail

/// Notes that x was found allowed where `visible`, if its numbers may be other ones next time.
inline void note_check(const Constraint& constraint, const Tensor& x, const Mask& visible) {
  const auto varies = [](const Tensor& t) { return t.defined() && detail::may_vary(t.node()); };
  if (varies(x) || varies(constraint.lower()) || varies(constraint.upper())) {
    detail::keep_check(constraint, x, visible);
  }
}
inline void note_check(Constraint::Kind kind, const Tensor& x, const Mask& visible) {
  if (detail::may_vary(x.node())) detail::keep_check(kind, x, visible);
}

}  // namespace ember
