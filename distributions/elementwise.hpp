// What every element-wise family shares: validation of what is visible, the driver's call, draws
// that leave hidden elements alone. A family is a subclass that gives its parameters, its kernel,
// its sampler and its moments.
#pragma once

#include <array>
#include <limits>
#include <optional>

#include <ember/core/operators.hpp>
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
  virtual Real placeholder() const = 0;

 private:
  void check(const Tensor& value, const Mask& visible, bool is_real_too) const;
};

/// Draws each element on its own engine: f(engine, parameter values ..) for parameters broadcast to
/// the elements.
template <class F>
Tensor draw_each(detail::RandomKey key, const Shape& elements, const Tensor& parameter, F f) {
  const Tensor full = expand(detach(parameter), elements);
  detail::Node* out = detail::new_constant(elements);
  Tensor result(out);
  for (Index i = 0; i < out->numel; ++i) {
    detail::ElementEngine engine(key, i);
    out->value[i] =
        static_cast<Real>(f(engine, static_cast<double>(full.data()[static_cast<std::size_t>(i)])));
  }
  return result;
}

}  // namespace ember::distributions
