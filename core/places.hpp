// Places: an immutable ascending list of positions, shared by whoever walks the same elements, with
// what is derived from it: as masks are nearly always data, that costs once and not at every step.
#pragma once

#include <memory>
#include <mutex>

#include <ember/core/function_ref.hpp>
#include <ember/core/once.hpp>
#include <ember/core/pool.hpp>
#include <ember/core/real.hpp>

namespace ember::detail {

class MaskBytes;

class Places {
 public:
  static std::shared_ptr<const Places> make(Positions at, Index bound);
  /// Positions in 0 .. bound - 1; ascending in a mask, in any order in what is derived of it.
  Places(Positions at, Index bound);

  const Positions& at() const { return at_; }
  Index operator[](Index i) const { return at_[static_cast<std::size_t>(i)]; }
  Index count() const { return static_cast<Index>(at_.size()); }
  Index bound() const { return bound_; }
  /// Whether these are 0 .. bound - 1 in order.
  bool is_whole() const { return is_whole_; }

  /// What `make` derives of this list, positions below `bound`: made once for each key, and kept.
  std::shared_ptr<const Places> derived(Positions key, Index bound,
                                        FunctionRef<Positions()> make) const;
  /// The same of two lists.
  std::shared_ptr<const Places> derived(const std::shared_ptr<const Places>& other,
                                        FunctionRef<std::shared_ptr<const Places>()> make) const;
  /// Which of 0 .. bound - 1 are in the list, as the bytes of a mask; null where all are.
  std::shared_ptr<const MaskBytes> touched() const;

 private:
  struct Entry {
    Positions key;
    std::shared_ptr<const Places> other;  // held, so that its address stays its own
    std::shared_ptr<const Places> result;
  };
  std::shared_ptr<const Places> get(Entry entry,
                                    FunctionRef<std::shared_ptr<const Places>()> make) const;

  Positions at_;
  Index bound_;
  bool is_whole_ = false;
  mutable std::mutex mutex_;
  mutable PooledVector<Entry> derived_;
  mutable std::size_t next_ = 0;  // the entry that makes room
  mutable Once touched_once_;
  mutable std::shared_ptr<const MaskBytes> touched_;
};

using PlacesPtr = std::shared_ptr<const Places>;

}  // namespace ember::detail
