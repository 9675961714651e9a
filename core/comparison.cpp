// Masks made of tensors, and a tensor made of a mask.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>

#include <ember/core/broadcast.hpp>
#include <ember/core/elementwise.hpp>
#include <ember/core/mix.hpp>
#include <ember/core/reads.hpp>
#include <ember/core/tape.hpp>

namespace ember {
namespace detail {
namespace {

// The masks that this thread made last. A model that makes one of its data at each step gets the
// same object again, and with it what is made of a mask once: lists, counts, other masks (measured:
// a tenth of a step over a hundred short masks). The key only says where to look; the bytes decide.
class RecentMasks {
 public:
  static RecentMasks& of_this_thread() {
    thread_local RecentMasks masks;
    return masks;
  }
  Mask get(std::uint64_t key, const Shape& shape, Bytes bytes) {
    const auto n = std::ssize(bytes);
    std::shared_ptr<const MaskBytes>& slot = slots_[key % kSlots];
    if (slot && slot->size() == n && std::equal(bytes.begin(), bytes.end(), slot->data())) {
      return Mask::from_shared(shape, slot);
    }
    Mask mask = Mask::from_bytes(shape, std::move(bytes));
    if (!mask.bytes() || n < kLeast || n > kMost) return mask;
    elements_ += n - (slot ? slot->size() : 0);
    if (elements_ > kMost) {
      slots_.fill(nullptr);
      elements_ = n;
    }
    slot = mask.bytes();
    return mask;
  }

 private:
  static constexpr std::size_t kSlots = 4096;
  static constexpr Index kLeast = 64, kMost = Index{1} << 20U;  // elements: of one, of all

  std::array<std::shared_ptr<const MaskBytes>, kSlots> slots_;
  Index elements_ = 0;
};

std::uint64_t mixed(std::uint64_t key, const Node& x) {
  if (x.numel == 1) return mix(key ^ std::bit_cast<std::uint64_t>(double{*values(x)}));
  return mix(key ^ reinterpret_cast<std::uintptr_t>(values(x)));
}

template <class F>
Mask compare(const char* symbol, const Tensor& x, const Tensor& y, F f) {
  const Node& a = x.node();
  const Node& b = y.node();
  Tape::current().check_owner(a, symbol);
  Tape::current().check_owner(b, symbol);
  note_read(a);
  note_read(b);
  const Shape shape = broadcast_shapes(a.shape, b.shape, symbol);
  Bytes bytes(static_cast<std::size_t>(shape.numel()));
  const BroadcastPlan<2> plan(shape, {&a.shape, &b.shape});
  plan.for_each_run([&](Index position, const auto& offsets, Index n) {
    const Real* from_a = values(a) + offsets[0];
    const Real* from_b = values(b) + offsets[1];
    std::uint8_t* to = bytes.data() + position;
    if (plan.strides[0][0] == 1 && plan.strides[1][0] == 0) {  // most often; this one vectorises
      const Real one = *from_b;
#pragma omp simd
      for (Index i = 0; i < n; ++i) to[i] = f(from_a[i], one) ? 1 : 0;
      return;
    }
    for (Index i = 0; i < n; ++i) {
      to[i] = f(from_a[i * plan.strides[0][0]], from_b[i * plan.strides[1][0]]) ? 1 : 0;
    }
  });
  const std::uint64_t key = mixed(mixed(reinterpret_cast<std::uintptr_t>(symbol), a), b);
  return RecentMasks::of_this_thread()
      .get(key, shape, std::move(bytes))
      .with_sources(join(a.sources, b.sources));
}

template <class F>
Mask test(const char* name, const Tensor& x, F f) {
  Bytes bytes(static_cast<std::size_t>(x.numel()));
  std::transform(x.data().begin(), x.data().end(), bytes.begin(),
                 [&](Real v) { return f(v) ? 1 : 0; });
  const std::uint64_t key = mixed(reinterpret_cast<std::uintptr_t>(name), x.node());
  return RecentMasks::of_this_thread()
      .get(key, x.shape(), std::move(bytes))
      .with_sources(sources_of(x));
}

}  // namespace
}  // namespace detail

using detail::compare;

Mask operator<(const Tensor& a, const Tensor& b) {
  return compare("<", a, b, [](Real x, Real y) { return x < y; });
}
Mask operator<=(const Tensor& a, const Tensor& b) {
  return compare("<=", a, b, [](Real x, Real y) { return x <= y; });
}
Mask operator>(const Tensor& a, const Tensor& b) {
  return compare(">", a, b, [](Real x, Real y) { return x > y; });
}
Mask operator>=(const Tensor& a, const Tensor& b) {
  return compare(">=", a, b, [](Real x, Real y) { return x >= y; });
}
Mask operator==(const Tensor& a, const Tensor& b) {
  return compare("==", a, b, [](Real x, Real y) { return x == y; });
}
Mask operator!=(const Tensor& a, const Tensor& b) {
  return compare("!=", a, b, [](Real x, Real y) { return x != y; });
}

Mask isnan(const Tensor& x) {
  return detail::test("isnan", x, [](Real v) { return std::isnan(v); });
}
Mask isfinite(const Tensor& x) {
  return detail::test("isfinite", x, [](Real v) { return std::isfinite(v); });
}

Tensor to_tensor(const Mask& mask) {
  detail::Node* out = detail::new_constant(mask.shape(), mask.sources());
  Tensor result(out);
  if (mask.bytes()) {
    std::copy_n(mask.bytes()->data(), out->numel, out->value);
  } else {
    std::fill_n(out->value, out->numel, mask.is_none() ? Real{0} : Real{1});
  }
  return result;
}

}  // namespace ember
