#include <ember/core/gradient.hpp>

#include <ember/core/tape.hpp>

namespace ember {

ValueAndGrad value_and_grad(const std::function<Tensor(std::span<const Tensor>)>& f,
                            const std::vector<Tensor>& inputs) {
  detail::Recording recording;
  std::vector<Tensor> leaves;
  leaves.reserve(inputs.size());
  for (const Tensor& input : inputs) leaves.push_back(recording.leaf(input));
  const Tensor value = f(leaves);
  if (value.numel() != 1) {
    fail("value_and_grad",
         "the function returned shape " + to_string(value.shape()) + ", not one element",
         "reduce it with sum");
  }
  recording.backward(value);
  ValueAndGrad result{value.item(), {}};
  for (const Tensor& leaf : leaves) {
    result.grads.push_back(detail::adjoint_of(leaf));
    detail::add_sources(result.grads.back(), detail::sources_of(value));
  }
  return result;
}

}  // namespace ember
