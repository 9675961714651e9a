#include <ember/distributions/elementwise.hpp>

#include <cmath>

#include <ember/distributions/visible_elements.hpp>

namespace ember::distributions {
namespace {

// The value and the parameters, as a kernel takes them.
struct Inputs {
  std::array<detail::Node*, kMaxInputs> nodes;
  std::size_t count = 1;

  Inputs(const Tensor& value, std::span<const Parameter> parameters) {
    nodes[0] = &value.node();
    for (const Parameter& p : parameters) nodes[count++] = &p.value.node();
  }
  std::span<detail::Node* const> span() const { return {nodes.data(), count}; }
};

}  // namespace

void KernelFamily::check_inputs(const Tensor& value, const Mask& visible, Look look) const {
  if (!validation_enabled()) return;
  look == Look::at_all ? check(visible) : check_parameters(visible, look);
  const Constraint allowed = support();
  if (look == Look::at_all || allowed.kind() != Constraint::Kind::real) {
    check_visible(allowed, value, visible, name(), "value");
  }
}

// Real numbers only have to be no NaN, and a NaN that counts makes the density NaN: they are looked
// at when that has happened. So are, in sums, parameters that make it no finite number.
Tensor KernelFamily::log_prob(const Tensor& value, const Shape& elements,
                              const Mask& visible) const {
  if (const auto some =
          VisibleElements::of(*this, kernel().row_inputs, value, elements, visible, false)) {
    return some->log_prob();
  }
  check_inputs(value, visible, Look::but_real);
  const Tensor result = density(kernel(), Inputs(value, parameters()).span(), elements, visible);
  if (!constraints::real.holds(result, Mask(true))) check_inputs(value, visible, Look::at_all);
  return result;
}

Tensor KernelFamily::log_prob_sum(const Tensor& value, const Shape& elements,
                                  const Mask& visible) const {
  if (const auto some =
          VisibleElements::of(*this, kernel().row_inputs, value, elements, visible, true)) {
    return some->log_prob_sum();
  }
  check_inputs(value, visible, Look::but_shown);
  Tensor result = density_sum(kernel(), Inputs(value, parameters()).span(), elements, visible);
  if (!std::isfinite(*detail::values(result))) check_inputs(value, visible, Look::at_all);
  return result;
}

Tensor KernelFamily::sample(detail::RandomKey key, const Shape& elements,
                            const Mask& visible) const {
  check(visible);
  const Tensor drawn = draw(key, elements);
  if (visible.is_all()) return drawn;
  return where(visible.unsqueeze_right(event_shape().rank()), drawn, placeholder());
}

}  // namespace ember::distributions
