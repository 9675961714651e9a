// Masks made of tensors, and a tensor made of a mask.
#include <algorithm>
#include <cmath>

#include <ember/core/broadcast.hpp>
#include <ember/core/elementwise.hpp>
#include <ember/core/reads.hpp>
#include <ember/core/tape.hpp>

namespace ember {
namespace detail {
namespace {

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
  return Mask::from_bytes(shape, std::move(bytes)).with_sources(join(a.sources, b.sources));
}

template <class F>
Mask test(const Tensor& x, F f) {
  Bytes bytes(static_cast<std::size_t>(x.numel()));
  std::transform(x.data().begin(), x.data().end(), bytes.begin(),
                 [&](Real v) { return f(v) ? 1 : 0; });
  return Mask::from_bytes(x.shape(), std::move(bytes)).with_sources(sources_of(x));
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
  return detail::test(x, [](Real v) { return std::isnan(v); });
}
Mask isfinite(const Tensor& x) {
  return detail::test(x, [](Real v) { return std::isfinite(v); });
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
