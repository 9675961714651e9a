#include <ember/distributions/elementwise.hpp>

#include <ember/core/error.hpp>

namespace ember::distributions {
namespace {

// The value and the parameters, as a kernel takes them.
struct Inputs {
  std::array<Tensor, kMaxInputs> tensors;
  std::size_t count = 1;

  Inputs(const Tensor& value, std::span<const Parameter> parameters) {
    tensors[0] = value;
    for (const Parameter& p : parameters) tensors[count++] = p.value;
  }
  std::span<const Tensor> span() const { return {tensors.data(), count}; }
};

}  // namespace

void KernelFamily::check_value(const Tensor& value, const Mask& visible) const {
  if (validation_enabled()) check_visible(support(), value, visible, name(), "value");
}

Tensor KernelFamily::log_prob(const Tensor& value, const Shape& elements,
                              const Mask& visible) const {
  check_parameters(visible);
  check_value(value, visible);
  return density(kernel(), Inputs(value, parameters()).span(), elements, visible);
}

Tensor KernelFamily::log_prob_sum(const Tensor& value, const Shape& elements,
                                  const Mask& visible) const {
  check_parameters(visible);
  check_value(value, visible);
  return density_sum(kernel(), Inputs(value, parameters()).span(), elements, visible);
}

Tensor KernelFamily::sample(detail::RandomKey key, const Shape& elements,
                            const Mask& visible) const {
  check_parameters(visible);
  const Tensor drawn = draw(key, elements);
  if (visible.is_all()) return drawn;
  return where(visible.unsqueeze_right(event_shape().rank()), drawn, placeholder());
}

}  // namespace ember::distributions
