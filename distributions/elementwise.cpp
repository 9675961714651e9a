#include <ember/distributions/elementwise.hpp>

#include <cmath>

#include <ember/core/error.hpp>

namespace ember::distributions {

void KernelFamily::validate(const Tensor& value, const Mask& visible) const {
  if (!validation_enabled()) return;
  for (const Parameter& p : parameters()) {
    check_visible(p.constraint, p.value,
                  p.event_dim > p.constraint.event_dim() ? visible.unsqueeze_right(1) : visible,
                  name(), p.name);
  }
  check_visible(support(), value, visible, name(), "value");
}

Tensor KernelFamily::log_prob(const Tensor& value, const Shape& elements,
                              const Mask& visible) const {
  validate(value, visible);
  std::array<Tensor, kMaxInputs> inputs;
  inputs[0] = value;
  std::size_t n = 1;
  for (Parameter& p : parameters()) inputs[n++] = std::move(p.value);
  return density(kernel(), std::span<const Tensor>(inputs.data(), n), elements, visible);
}

Tensor KernelFamily::log_prob_sum(const Tensor& value, const Shape& elements,
                                  const Mask& visible) const {
  validate(value, visible);
  std::array<Tensor, kMaxInputs> inputs;
  inputs[0] = value;
  std::size_t n = 1;
  for (Parameter& p : parameters()) inputs[n++] = std::move(p.value);
  return density_sum(kernel(), std::span<const Tensor>(inputs.data(), n), elements, visible);
}

Tensor KernelFamily::sample(detail::RandomKey key, const Shape& elements,
                            const Mask& visible) const {
  if (validation_enabled()) {
    for (const Parameter& p : parameters()) {
      check_visible(p.constraint, p.value,
                    p.event_dim > p.constraint.event_dim() ? visible.unsqueeze_right(1) : visible,
                    name(), p.name);
    }
  }
  const Tensor drawn = draw(key, elements);
  if (visible.is_all()) return drawn;
  return where(visible.unsqueeze_right(event_shape().rank()), drawn, placeholder());
}

std::size_t one_of(const char* family, std::initializer_list<const char*> names,
                   std::initializer_list<const Tensor*> values) {
  std::size_t given = names.size();
  std::string listed, all;
  std::size_t count = 0;
  auto name = names.begin();
  for (std::size_t i = 0; i < values.size(); ++i, ++name) {
    all += (i > 0 ? ", ." : ".") + std::string(*name);
    if (!(*(values.begin() + i))->defined()) continue;
    listed += (count > 0 ? " and ." : ".") + std::string(*name);
    given = i;
    ++count;
  }
  if (count != 1) {
    fail(family, count == 0 ? "no parameterisation was given" : listed + " were given",
         "give exactly one of " + all);
  }
  return given;
}

}  // namespace ember::distributions
