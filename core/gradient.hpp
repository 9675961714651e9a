// value_and_grad: the gradient of a function of tensors, by one reverse pass.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <ember/core/tensor.hpp>

namespace ember {

/// What value_and_grad gives.
struct ValueAndGrad {
  Real value;
  std::vector<Tensor> grads;  // grads[i] has the shape of input i
};

/// f(inputs) and its gradient by each input. f returns a tensor of one element.
ValueAndGrad value_and_grad(const std::function<Tensor(std::span<const Tensor>)>& f,
                            const std::vector<Tensor>& inputs);

}  // namespace ember
