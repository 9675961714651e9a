// Sources: from which sites a tensor, a mask or a list of indices was computed. Handlers that
// record relations mark the values of sites; operators hand the marks on. Where nobody marks
// anything, all of this is null pointers.
#pragma once

#include <span>

#include <ember/core/name.hpp>

namespace ember {

class Tensor;

namespace detail {

/// A set of names. Equal sets are one object, which lives until the end of the process; null is the
/// empty set.
class SourceSet;
using Sources = const SourceSet*;

Sources source(Name name);
/// In no particular order.
std::span<const Name> names_of(Sources sources);

Sources join_sets(Sources a, Sources b);
inline Sources join(Sources a, Sources b) {
  if (a == b || b == nullptr) return a;
  return a == nullptr ? b : join_sets(a, b);
}

Sources sources_of(const Tensor& x);
/// x, coming from `more` as well: x itself where it does, a view of it otherwise.
Tensor with_sources(const Tensor& x, Sources more);
/// The values of x, coming from one site, whatever they were computed from.
Tensor marked(const Tensor& x, Name site);

/// Whether somebody marks on this thread: asked for where looking for sources would cost something.
bool sources_are_marked();
/// While one is alive, somebody does.
class MarksSources {
 public:
  MarksSources();
  MarksSources(const MarksSources&) = delete;
  MarksSources& operator=(const MarksSources&) = delete;
  ~MarksSources();
};

}  // namespace detail
}  // namespace ember
