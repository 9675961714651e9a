// Transforms from square matrices of real numbers, whose upper triangles are not read.
#include <numbers>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/transform.hpp>

namespace ember::transforms {
namespace {

const Shape& check_square(const Shape& shape) {
  if (shape.rank() < 2 || shape.from_right(1) != shape.from_right(2)) {
    fail("transform", "shape " + to_string(shape) + " holds no square matrices",
         "the last two axes must be equally long");
  }
  return shape;
}

class LowerCholesky final : public Rule {
 public:
  const char* name() const override { return "LowerCholesky"; }
  Tensor forward(const Tensor& x) const override {
    check_square(x.shape());
    return tril(x, -1) + diag_embed(ember::exp(diagonal(x)));
  }
  Tensor inverse(const Tensor& y) const override {
    check_square(y.shape());
    return tril(y, -1) + diag_embed(log(diagonal(y)));
  }
  Tensor log_det(const Tensor& x, const Tensor&) const override { return sum(diagonal(x), -1); }
  std::size_t domain_event_dim() const override { return 2; }
  Shape forward_shape(const Shape& shape) const override { return check_square(shape); }
  Shape inverse_shape(const Shape& shape) const override { return check_square(shape); }
  Constraint codomain(const Constraint&) const override { return constraints::lower_cholesky; }
};

// L L^T with L of LowerCholesky. |d (L L^T) / d L| = 2^n prod_i L_ii^(n - i), i = 0, 1, ..
class PositiveDefinite final : public Rule {
 public:
  const char* name() const override { return "PositiveDefinite"; }
  Tensor forward(const Tensor& x) const override {
    const Tensor l = lower_.forward(x);
    return matmul(l, transpose(l));
  }
  Tensor inverse(const Tensor& y) const override { return lower_.inverse(cholesky(y)); }
  Tensor log_det(const Tensor& x, const Tensor&) const override {
    const Index n = x.shape().from_right(1);
    const Tensor powers = static_cast<Real>(n + 1) - arange(n);
    return sum(powers * diagonal(x), -1) + static_cast<Real>(n) * Real(std::numbers::ln2);
  }
  std::size_t domain_event_dim() const override { return 2; }
  Shape forward_shape(const Shape& shape) const override { return check_square(shape); }
  Shape inverse_shape(const Shape& shape) const override { return check_square(shape); }
  Constraint codomain(const Constraint&) const override { return constraints::positive_definite; }

 private:
  LowerCholesky lower_;
};

}  // namespace

Transform lower_cholesky() {
  static const Transform instance(std::make_shared<LowerCholesky>());
  return instance;
}
Transform positive_definite() {
  static const Transform instance(std::make_shared<PositiveDefinite>());
  return instance;
}

}  // namespace ember::transforms
