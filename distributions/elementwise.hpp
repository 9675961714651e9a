// What every element-wise family shares: validation of what is visible, the driver's call, draws
// that leave hidden elements alone. A family is a subclass that gives its parameters, its kernel,
// its sampler and its moments.
#pragma once

#include <array>

#include <ember/core/operators.hpp>
#include <ember/core/rerun.hpp>
#include <ember/distributions/density.hpp>
#include <ember/distributions/family.hpp>

namespace ember::distributions {

/// A family with one of several parameterisations, evaluated by a Kernel.
class KernelFamily : public Family {
 public:
  using Family::Family;
  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const final;
  Tensor log_prob_sum(const Tensor& value, const Shape& elements, const Mask& visible) const final;
  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const final;

 protected:
  virtual const Kernel& kernel() const = 0;
  /// A draw of shape elements + event, as if all of it were visible.
  virtual Tensor draw(detail::RandomKey key, const Shape& elements) const = 0;
  /// A value of the support, for hidden elements.
  virtual Tensor placeholder() const = 0;
  /// The elements that numbers one an element ask for.
  Shape elements_of(const Tensor& numbers) const {
    return broadcast_shapes(batch_shape(), numbers.shape(), name());
  }

 private:
  void check_inputs(const Tensor& value, const Mask& visible, Look look) const;
};

/// Draws each element on its own engine: f(engine, parameter values ..) for parameters broadcast to
/// the elements.
template <std::size_t N, class F>
Tensor draw_each(detail::RandomKey key, const Shape& elements,
                 const std::array<Tensor, N>& parameters, F f) {
  detail::refuse_rerun();
  std::array<Tensor, N> full;
  for (std::size_t k = 0; k < N; ++k) full[k] = expand(detach(parameters[k]), elements);
  detail::Node* out = detail::new_constant(elements);
  Tensor result(out);
  for (Index i = 0; i < out->numel; ++i) {
    detail::ElementEngine engine(key, i);
    const auto at = [&](std::size_t k) {
      return static_cast<double>(full[k].data()[static_cast<std::size_t>(i)]);
    };
    out->value[i] = [&]<std::size_t... K>(std::index_sequence<K...>) {
      return static_cast<Real>(f(engine, at(K)...));
    }(std::make_index_sequence<N>());
  }
  return result;
}

/// A key for a second draw, independent of the first.
inline detail::RandomKey other_key(detail::RandomKey key) {
  return {key.key ^ 0x9e3779b97f4a7c15U};
}

/// F::density as any element-wise function of N tensors with its derivatives, over a shape that
/// they broadcast to. Where nobody asks for derivatives Value::density is called, whose may be
/// anything.
template <class F, std::size_t N, class Value = F>
Tensor pointwise(const std::array<Tensor, N>& inputs, const Shape& shape) {
  static constexpr Kernel kernel{&Elementwise<Value, N>::template block<false>,
                                 &Elementwise<F, N>::template block<true>, N};
  return density(kernel, nodes_of(inputs), shape, Mask::filled(shape, true));
}

}  // namespace ember::distributions
