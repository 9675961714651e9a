#include <ember/core/sources.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <vector>

#include <ember/core/owed.hpp>

namespace ember::detail {

class SourceSet {
 public:
  explicit SourceSet(std::vector<Name> names) : names_(std::move(names)) {}
  std::span<const Name> names() const { return names_; }

 private:
  std::vector<Name> names_;  // in ascending order of their ids
};

namespace {

bool comes_before(Name a, Name b) { return a.id() < b.id(); }

// One object for each set that was ever made.
Sources intern(std::vector<Name> names) {
  static std::mutex mutex;
  static std::deque<SourceSet>& sets = *new std::deque<SourceSet>;  // never moves its elements
  static std::map<std::vector<std::uint32_t>, Sources>& index =
      *new std::map<std::vector<std::uint32_t>, Sources>;
  std::vector<std::uint32_t> key;
  for (Name name : names) key.push_back(name.id());
  const std::lock_guard lock(mutex);
  Sources& slot = index[key];
  if (slot == nullptr) slot = &sets.emplace_back(std::move(names));
  return slot;
}

// What x has at coordinates goes on as that: operators on coordinates ask the stored values.
Tensor view_with(const Tensor& x, Sources sources) {
  if (const Coordinates* has = coordinates_of(x)) {
    return new_coordinates(x.shape(),
                           {has->at, view_with(has->values, sources), has->is_zero_elsewhere});
  }
  const Tensor result = view_of(x, x.shape());
  result.node().sources = sources;
  return result;
}

thread_local int marking = 0;

}  // namespace

Sources source(Name name) { return intern({name}); }

std::span<const Name> names_of(Sources sources) {
  if (sources == nullptr) return {};
  return sources->names();
}

Sources join_sets(Sources a, Sources b) {
  std::vector<Name> names;
  std::ranges::set_union(a->names(), b->names(), std::back_inserter(names), comes_before);
  return intern(std::move(names));
}

Sources sources_of(const Tensor& x) { return x.node().sources; }

Tensor with_sources(const Tensor& x, Sources more) {
  const Sources all = join(sources_of(x), more);
  return all == sources_of(x) ? x : view_with(x, all);
}

Tensor marked(const Tensor& x, Name site) { return view_with(x, source(site)); }

bool sources_are_marked() { return marking > 0; }
MarksSources::MarksSources() { ++marking; }
MarksSources::~MarksSources() { --marking; }

}  // namespace ember::detail
