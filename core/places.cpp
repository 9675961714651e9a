#include <ember/core/places.hpp>

#include <ember/core/mask_bytes.hpp>

namespace ember::detail {

Places::Places(Positions at, Index bound) : at_(std::move(at)), bound_(bound) {
  is_whole_ = count() == bound;
  for (Index i = 0; is_whole_ && i < bound; ++i) is_whole_ = (*this)[i] == i;
}

PlacesPtr Places::make(Positions at, Index bound) {
  return std::allocate_shared<const Places>(PoolAllocator<Places>(), std::move(at), bound);
}

PlacesPtr Places::derived(Positions key, Index bound, FunctionRef<Positions()> make) const {
  return get({std::move(key), nullptr, nullptr}, [&] { return Places::make(make(), bound); });
}

PlacesPtr Places::derived(const PlacesPtr& other, FunctionRef<PlacesPtr()> make) const {
  return get({{}, other, nullptr}, make);
}

PlacesPtr Places::get(Entry entry, FunctionRef<PlacesPtr()> make) const {
  constexpr std::size_t kMost = 16;
  const std::lock_guard lock(mutex_);
  for (const Entry& known : derived_) {
    if (known.key == entry.key && known.other == entry.other) return known.result;
  }
  entry.result = make();
  PlacesPtr result = entry.result;
  if (derived_.size() < kMost) {
    derived_.push_back(std::move(entry));
  } else {
    derived_[next_] = std::move(entry);
    next_ = (next_ + 1) % kMost;
  }
  return result;
}

std::shared_ptr<const MaskBytes> Places::touched() const {
  touched_once_([this] {
    Bytes bytes(static_cast<std::size_t>(bound_));
    Index kept = 0;
    for (Index i : at_) {
      std::uint8_t& byte = bytes[static_cast<std::size_t>(i)];
      kept += 1 - byte;
      byte = 1;
    }
    if (kept < bound_)
      touched_ =
          std::allocate_shared<const MaskBytes>(PoolAllocator<MaskBytes>(), std::move(bytes), kept);
  });
  return touched_;
}

}  // namespace ember::detail
