#include <ember/core/mask.hpp>

#include <algorithm>
#include <numeric>

#include <ember/core/broadcast.hpp>
#include <ember/core/error.hpp>
#include <ember/core/index_text.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/mask_list.hpp>
#include <ember/core/number_text.hpp>

namespace ember {

using detail::BroadcastPlan;
using detail::Bytes;
using detail::MaskBytes;

namespace {

enum class Derived : std::uint8_t { broadcast, reduce_any, conjunction, negation };

// What was derived from masks lately, on this thread. An entry holds its operands, so that a
// pointer stays theirs; masks are nearly always data, and what they derive costs once and not at
// every step.
class DerivedMasks {
 public:
  template <class Make>
  Mask get(Derived how, const Mask& a, const Mask& b, const Shape& shape, Make&& make) {
    for (const Entry& e : entries_) {
      if (e.a == a.bytes() && e.a && e.how == how && e.b == b.bytes() && e.shape == shape &&
          e.a_shape == a.shape() && e.b_shape == b.shape()) {
        return e.result;
      }
    }
    Mask result = make();
    Entry entry{how, a.bytes(), b.bytes(), a.shape(), b.shape(), shape, result};
    if (entries_.size() < kCapacity) {
      entries_.push_back(std::move(entry));
    } else {
      entries_[next_] = std::move(entry);
      next_ = (next_ + 1) % kCapacity;
    }
    return result;
  }

 private:
  static constexpr std::size_t kCapacity = 32;
  struct Entry {
    Derived how;
    std::shared_ptr<const MaskBytes> a, b;
    Shape a_shape, b_shape, shape;
    Mask result;
  };
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

DerivedMasks& derived() {
  thread_local DerivedMasks cache;
  return cache;
}

template <class F>
Mask combine(const Mask& a, const Mask& b, const Shape& shape, F f) {
  const BroadcastPlan<2> plan(shape, {&a.shape(), &b.shape()});
  const std::uint8_t* pa = a.bytes()->data();  // first: lists may be an error here
  const std::uint8_t* pb = b.bytes()->data();
  Bytes bytes(static_cast<std::size_t>(shape.numel()));
  plan.for_each_run([&](Index position, const auto& offsets, Index n) {
    for (Index i = 0; i < n; ++i) {
      bytes[static_cast<std::size_t>(position + i)] =
          f(pa[offsets[0] + i * plan.strides[0][0]], pb[offsets[1] + i * plan.strides[1][0]]);
    }
  });
  return Mask::from_bytes(shape, std::move(bytes));
}

}  // namespace

Mask Mask::from_bytes(const Shape& shape, std::span<const std::uint8_t> bytes) {
  const auto wrong = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte > 1; });
  if (wrong != bytes.end()) {
    fail("mask", "byte " + std::to_string(wrong - bytes.begin()) + " is " + std::to_string(*wrong),
         "the bytes of a mask are 0 or 1");
  }
  return from_bytes(shape, Bytes(bytes.begin(), bytes.end()));
}

Mask Mask::from_bytes(const Shape& shape, Bytes bytes) {
  if (static_cast<Index>(bytes.size()) != shape.numel()) {
    fail("mask", detail::counted(bytes.size(), "value") + " " + detail::do_not(bytes.size()) +
                     " fill shape " + to_string(shape));
  }
  const Index kept = std::accumulate(bytes.begin(), bytes.end(), Index{0});
  Mask mask = filled(shape, kept > 0 || bytes.empty());
  if (kept > 0 && kept < shape.numel())
    mask.bytes_ = std::allocate_shared<const MaskBytes>(detail::PoolAllocator<MaskBytes>(),
                                                        std::move(bytes), kept);
  return mask;
}

Mask Mask::from_positions(const Shape& shape, detail::Positions positions) {
  const auto kept = static_cast<Index>(positions.size());
  Mask mask = filled(shape, kept > 0 || shape.numel() == 0);
  if (kept > 0 && kept < shape.numel()) {
    mask.bytes_ = std::allocate_shared<const MaskBytes>(
        detail::PoolAllocator<MaskBytes>(),
        detail::Places::make(std::move(positions), shape.numel()));
  }
  return mask;
}

Mask Mask::from_shared(const Shape& shape, std::shared_ptr<const MaskBytes> bytes) {
  Mask mask = filled(shape, true);
  mask.bytes_ = std::move(bytes);
  return mask;
}

Index Mask::count() const { return bytes_ ? bytes_->kept() : none_ ? 0 : numel(); }

bool Mask::at(std::initializer_list<Dim> index) const {
  if (index.size() != shape_.rank()) {
    fail("Mask::at",
         detail::counted(index.size(), "index", "indices") + " for shape " + to_string(shape_),
         "give one an axis");
  }
  Index offset = 0;
  std::size_t axis = 0;
  for (Dim i : index) {
    if (i.value < 0 || i.value >= shape_[axis]) {
      detail::fail_index("Mask::at", i.value, axis, shape_, 0);
    }
    offset = offset * shape_[axis++] + i.value;
  }
  return bytes_ ? (*bytes_)[offset] : !none_;
}

Mask Mask::reshape(const Shape& shape) const {
  if (shape.numel() != numel()) {
    fail("Mask::reshape",
         "shape " + to_string(shape_) + " has " + detail::counted(numel(), "element") + ", " +
             to_string(shape) + " has " + std::to_string(shape.numel()),
         "the number of elements must stay");
  }
  Mask result = *this;
  result.shape_ = shape;
  return result;
}

Mask Mask::broadcast_to(const Shape& shape, std::string_view who) const {
  if (shape == shape_) return *this;
  if (shape_.rank() == 0) return filled(shape, !none_).with_sources(sources_);
  if (!broadcasts_to(shape_, shape)) {
    fail(who, "mask of shape " + to_string(shape_) + " does not broadcast to " + to_string(shape),
         "axes are matched from the right; those that grow are of size 1 or absent");
  }
  if (!bytes_ || shape.numel() == 0) return filled(shape, !none_).with_sources(sources_);
  if (shape.numel() == numel()) return reshape(shape);
  const auto make = [&] {
    if (detail::is_list(*this)) return detail::list_repeated(*this, shape);
    const BroadcastPlan<1> plan(shape, {&shape_});
    Bytes bytes(static_cast<std::size_t>(shape.numel()));
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      const std::uint8_t* from = bytes_->data() + offsets[0];
      std::uint8_t* to = bytes.data() + position;
      if (plan.strides[0][0] == 0) {
        std::fill_n(to, n, *from);
      } else {
        std::copy_n(from, n, to);
      }
    });
    return from_bytes(shape, std::move(bytes));
  };
  return derived().get(Derived::broadcast, *this, Mask(), shape, make).with_sources(sources_);
}

Mask Mask::unsqueeze_right(std::size_t n) const {
  if (n == 0) return *this;
  Shape shape = shape_;
  for (std::size_t i = 0; i < n; ++i) shape.push_back(1);
  return reshape(shape);
}

std::vector<std::uint8_t> Mask::to_bytes() const {
  if (bytes_) return {bytes_->data(), bytes_->data() + bytes_->size()};
  return std::vector<std::uint8_t>(static_cast<std::size_t>(numel()), none_ ? 0 : 1);
}

namespace {

using Byte = std::uint8_t;

Mask conjunction(const Mask& a, const Mask& b) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), "mask & mask");
  if (a.is_none() || b.is_none()) return Mask::filled(shape, false);
  if (a.is_all()) return b.broadcast_to(shape);
  if (b.is_all() || (a.bytes() == b.bytes() && a.shape() == b.shape())) {
    return a.broadcast_to(shape);
  }
  return derived().get(Derived::conjunction, a, b, shape, [&] {
    if (detail::is_list(a) && shape == a.shape()) return detail::kept_of_list(a, b);
    if (detail::is_list(b) && shape == b.shape()) return detail::kept_of_list(b, a);
    return combine(a, b, shape, [](Byte x, Byte y) { return static_cast<Byte>(x & y); });
  });
}

Mask disjunction(const Mask& a, const Mask& b) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), "mask | mask");
  if (a.is_all() || b.is_all()) return Mask::filled(shape, true);
  if (a.is_none()) return b.broadcast_to(shape);
  if (b.is_none() || (a.bytes() == b.bytes() && a.shape() == b.shape())) {
    return a.broadcast_to(shape);
  }
  if (detail::is_list(a) && detail::is_list(b) && a.shape() == b.shape())
    return detail::either_of_lists(a, b);
  return combine(a, b, shape, [](Byte x, Byte y) { return static_cast<Byte>(x | y); });
}

Mask negation(const Mask& a) {
  if (!a.bytes()) return Mask::filled(a.shape(), a.is_none());
  return derived().get(Derived::negation, a, Mask(), a.shape(), [&] {
    const Byte* from = a.bytes()->data();
    Bytes bytes(static_cast<std::size_t>(a.numel()));
    std::transform(from, from + a.numel(), bytes.begin(),
                   [](Byte x) { return static_cast<Byte>(1 - x); });
    return Mask::from_bytes(a.shape(), std::move(bytes));
  });
}

}  // namespace

Mask operator&(const Mask& a, const Mask& b) {
  return conjunction(a, b).with_sources(detail::join(a.sources_, b.sources_));
}

Mask operator|(const Mask& a, const Mask& b) {
  return disjunction(a, b).with_sources(detail::join(a.sources_, b.sources_));
}

Mask operator!(const Mask& a) { return negation(a).with_sources(a.sources_); }

bool operator==(const Mask& a, const Mask& b) {
  if (!(a.shape_ == b.shape_)) return false;
  if (a.bytes_ == b.bytes_) return a.bytes_ || a.none_ == b.none_ || a.numel() == 0;
  if (a.count() != b.count() || !a.bytes_ || !b.bytes_) return false;
  if (detail::is_list(a) || detail::is_list(b))
    return a.bytes_->positions() == b.bytes_->positions();
  return a.to_bytes() == b.to_bytes();
}

Mask mask_of(std::initializer_list<bool> values) {
  return Mask::from_bytes({values.size()}, Bytes(values.begin(), values.end()));
}

Mask mask_of(const std::vector<bool>& values, const Shape& shape) {
  return Mask::from_bytes(shape, Bytes(values.begin(), values.end()));
}

Mask any(const Mask& mask) { return Mask(mask.count() > 0).with_sources(mask.sources()); }

Mask all(const Mask& mask) {
  return Mask(mask.count() == mask.numel()).with_sources(mask.sources());
}

Mask any(const Mask& mask, Index axis) {
  const std::size_t a = normalize_axis(axis, mask.shape(), "any");
  return any_to_shape(mask, mask.shape().with(a, 1)).reshape(mask.shape().without(a));
}

Mask all(const Mask& mask, Index axis) {
  normalize_axis(axis, mask.shape(), "all");
  return !any(!mask, axis);
}

namespace {

Mask reduced(const Mask& mask, const Shape& shape) {
  if (shape.numel() > 0 && mask.numel() == 0) return Mask::filled(shape, false);
  if (!mask.bytes()) return Mask::filled(shape, !mask.is_none());
  if (shape.numel() == mask.numel()) return mask.reshape(shape);
  if (shape.numel() == 1) return Mask::filled(shape, true);  // some element is kept
  return derived().get(Derived::reduce_any, mask, Mask(), shape, [&] {
    if (detail::is_list(mask)) return detail::list_reduced(mask, shape);
    Bytes bytes(static_cast<std::size_t>(shape.numel()));
    const BroadcastPlan<1> plan(mask.shape(), {&shape});
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      const std::uint8_t* from = mask.bytes()->data() + position;
      std::uint8_t* to = bytes.data() + offsets[0];
      for (Index i = 0; i < n; ++i) to[i * plan.strides[0][0]] |= from[i];
    });
    return Mask::from_bytes(shape, std::move(bytes));
  });
}

}  // namespace

Mask any_to_shape(const Mask& mask, const Shape& shape) {
  if (shape == mask.shape()) return mask;
  return reduced(mask, shape).with_sources(mask.sources());
}

std::string to_string(const Mask& mask) {
  return "mask of shape " + to_string(mask.shape()) + " keeping " + std::to_string(mask.count()) +
         " of " + std::to_string(mask.numel());
}

}  // namespace ember
