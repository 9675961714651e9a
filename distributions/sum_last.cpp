#include <ember/distributions/sum_last.hpp>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>

namespace ember::detail {

Tensor sum_last(const Tensor& x, std::size_t n) {
  const Shape& shape = x.shape();
  if (n > shape.rank()) {
    fail("event", "a tensor of shape " + to_string(shape) + " does not end in " +
                      counted(n, "axis", "axes") + " of an event");
  }
  if (n == 0) return x;
  if (n == shape.rank()) return sum(x);
  const Shape kept = shape.first(shape.rank() - n);
  return sum(x.reshape(concatenate(kept, Shape{shape.after(kept.rank()).numel()})), -1);
}

}  // namespace ember::detail
