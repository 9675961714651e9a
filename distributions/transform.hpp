// Transforms: invertible maps with the logarithm of their Jacobian's determinant.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ember/distributions/constraint.hpp>

namespace ember::transforms {

class Rule;

/// A map y = T(x) between tensors, a value type. Its last domain_event_dim() axes (of x) or
/// codomain_event_dim() axes (of y) belong to one point; the axes before are a batch.
class Transform {
 public:
  Transform();  // the identity
  explicit Transform(std::shared_ptr<const Rule> rule) : rule_(std::move(rule)) {}

  Tensor operator()(const Tensor& x) const;
  /// x of y. Where y was made by this transform in the running recording, x itself comes back.
  Tensor inv(const Tensor& y) const;
  Transform inv() const;
  /// log |det dy/dx|, over the batch; an error for maps that have none.
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;

  std::size_t domain_event_dim() const;
  std::size_t codomain_event_dim() const;
  Shape forward_shape(const Shape& shape) const;
  Shape inverse_shape(const Shape& shape) const;
  /// Where y lies when x lies in `domain`.
  Constraint codomain(const Constraint& domain) const;
  /// 1 for increasing, -1 for decreasing element-wise maps, 0 for others.
  int sign() const;
  bool is_identity() const;
  /// Whether both are the same map: one object, or the same kinds made of the same numbers. Numbers
  /// that are being differentiated are the same only as one tensor.
  friend bool operator==(const Transform& a, const Transform& b);
  /// Which sites its numbers come from: see core/sources.hpp.
  ember::detail::Sources sources() const;

  const Rule& rule() const { return *rule_; }

 private:
  std::shared_ptr<const Rule> rule_;
};

/// What a kind of transform brings.
class Rule {
 public:
  Rule();
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;

  /// Tells rules apart: never given twice in this process, as an address may be.
  std::uint64_t id() const { return id_; }

  virtual const char* name() const = 0;
  virtual Tensor forward(const Tensor& x) const = 0;
  virtual Tensor inverse(const Tensor& y) const = 0;
  virtual Tensor log_det(const Tensor& x, const Tensor& y) const = 0;
  virtual std::size_t domain_event_dim() const { return 0; }
  virtual std::size_t codomain_event_dim() const { return domain_event_dim(); }
  virtual Shape forward_shape(const Shape& shape) const { return shape; }
  virtual Shape inverse_shape(const Shape& shape) const { return shape; }
  virtual Constraint codomain(const Constraint& domain) const = 0;
  virtual int sign() const { return 0; }
  /// An error where numbers of its own make it no bijection of what `visible` shows, whose shape is
  /// that of x without its last `event` axes.
  virtual void check(const Mask& visible, std::size_t event) const;
  /// The numbers and parts that make it up, for files.
  virtual std::vector<std::pair<const char*, Tensor>> numbers() const { return {}; }
  virtual std::vector<Transform> parts() const { return {}; }

 private:
  std::uint64_t id_;
};

/// y = x, and y = exp(x)
Transform identity();
Transform exp();
/// 1 / (1 + exp(-x))
Transform sigmoid();
Transform tanh();
/// log(1 + exp(x))
Transform softplus();
/// loc + scale x; the last event_dim axes belong to one point.
Transform affine(const Tensor& loc, const Tensor& scale, std::size_t event_dim = 0);
/// x^exponent of positive numbers.
Transform power(const Tensor& exponent);
/// n real numbers to n + 1 that are positive and sum to 1: z_k = sigmoid(x_k - log(n - k)),
/// y_k = z_k (1 - y_0 - .. - y_(k-1)).
Transform stick_breaking();
/// exp(x) over its sum along the last axis: not one to one, its inverse is log(y).
Transform softmax();
/// Square matrices, their upper triangles not read: the strictly lower part kept, exp on the
/// diagonal. log |det| is that between lower triangles.
Transform lower_cholesky();
/// L L^T of the L that lower_cholesky() gives.
Transform positive_definite();
/// The first is applied first.
Transform compose(std::vector<Transform> parts);
/// `base` with n more event axes: log |det| is summed over them.
Transform independent(Transform base, std::size_t n);

/// Where the numbers of a constraint begin and end: infinite where nothing bounds them.
struct Ends {
  Tensor low, high;
};
Ends ends_of(const Constraint& constraint);

}  // namespace ember::transforms
