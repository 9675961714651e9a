// The elementary transforms.
#include <numbers>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/sum_last.hpp>
#include <ember/distributions/transform.hpp>

namespace ember::transforms {
namespace {

class Identity final : public Rule {
 public:
  const char* name() const override { return "Identity"; }
  Tensor forward(const Tensor& x) const override { return x; }
  Tensor inverse(const Tensor& y) const override { return y; }
  Tensor log_det(const Tensor& x, const Tensor&) const override { return zeros(x.shape()); }
  Constraint codomain(const Constraint& domain) const override { return domain; }
  int sign() const override { return 1; }
};

class Exp final : public Rule {
 public:
  const char* name() const override { return "Exp"; }
  Tensor forward(const Tensor& x) const override { return ember::exp(x); }
  Tensor inverse(const Tensor& y) const override { return log(y); }
  Tensor log_det(const Tensor& x, const Tensor&) const override { return x; }
  Constraint codomain(const Constraint&) const override { return constraints::positive; }
  int sign() const override { return 1; }
};

class Sigmoid final : public Rule {
 public:
  const char* name() const override { return "Sigmoid"; }
  Tensor forward(const Tensor& x) const override { return ember::sigmoid(x); }
  Tensor inverse(const Tensor& y) const override { return log(y) - log1p(-y); }
  Tensor log_det(const Tensor& x, const Tensor&) const override {
    return -(ember::softplus(-x) + ember::softplus(x));
  }
  Constraint codomain(const Constraint&) const override { return constraints::unit_interval; }
  int sign() const override { return 1; }
};

class Tanh final : public Rule {
 public:
  const char* name() const override { return "Tanh"; }
  Tensor forward(const Tensor& x) const override { return ember::tanh(x); }
  Tensor inverse(const Tensor& y) const override { return 0.5 * (log1p(y) - log1p(-y)); }
  Tensor log_det(const Tensor& x, const Tensor&) const override {
    return 2 * (std::numbers::ln2 - x - ember::softplus(-2 * x));
  }
  Constraint codomain(const Constraint&) const override { return constraints::interval(-1, 1); }
  int sign() const override { return 1; }
};

class Softplus final : public Rule {
 public:
  const char* name() const override { return "Softplus"; }
  Tensor forward(const Tensor& x) const override { return ember::softplus(x); }
  Tensor inverse(const Tensor& y) const override { return log(-expm1(-y)) + y; }
  Tensor log_det(const Tensor& x, const Tensor&) const override { return -ember::softplus(-x); }
  Constraint codomain(const Constraint&) const override { return constraints::positive; }
  int sign() const override { return 1; }
};

class Affine final : public Rule {
 public:
  Affine(Tensor loc, Tensor scale, std::size_t event_dim)
      : loc_(std::move(loc)), scale_(std::move(scale)), event_dim_(event_dim) {}
  const char* name() const override { return "Affine"; }
  Tensor forward(const Tensor& x) const override { return loc_ + scale_ * x; }
  Tensor inverse(const Tensor& y) const override { return (y - loc_) / scale_; }
  Tensor log_det(const Tensor& x, const Tensor& y) const override {
    const Shape shape = broadcast_shapes(x.shape(), y.shape(), "Affine");
    return ember::detail::sum_last(expand(log(abs(scale_)), shape), event_dim_);
  }
  std::size_t domain_event_dim() const override { return event_dim_; }
  Shape forward_shape(const Shape& shape) const override {
    return broadcast_shapes(shape, broadcast_shapes(loc_.shape(), scale_.shape(), "Affine"),
                            "Affine");
  }
  Shape inverse_shape(const Shape& shape) const override { return forward_shape(shape); }
  Constraint codomain(const Constraint& domain) const override {
    using Kind = Constraint::Kind;
    const Kind kind = domain.kind();
    if (kind == Kind::real) return domain;
    if (domain.is_discrete() || sign() == 0) return Kind::any;
    const auto [low, high] = ends_of(domain);
    const Tensor a = detach(loc_ + scale_ * low), b = detach(loc_ + scale_ * high);
    const bool up = sign() > 0;
    if (kind == Kind::unit_interval || kind == Kind::interval || kind == Kind::half_open_interval) {
      return up ? constraints::interval(a, b) : constraints::interval(b, a);
    }
    if (kind == Kind::positive || kind == Kind::greater_than) {
      return up ? constraints::greater_than(a) : constraints::less_than(a);
    }
    if (kind == Kind::less_than) {
      return up ? constraints::less_than(b) : constraints::greater_than(b);
    }
    if (up && (kind == Kind::nonnegative || kind == Kind::greater_than_eq)) {
      return constraints::greater_than_eq(a);
    }
    return Constraint::Kind::any;
  }
  int sign() const override {
    if ((scale_ > 0).is_all()) return 1;
    return (scale_ < 0).is_all() ? -1 : 0;
  }
  void check(const Mask& visible, std::size_t event) const override {
    check_visible(constraints::positive, abs(scale_), visible.unsqueeze_right(event), name(),
                  "|scale|");
  }
  std::vector<std::pair<const char*, Tensor>> numbers() const override {
    return {{"loc", loc_}, {"scale", scale_}, {"event_dim", event_dim_}};
  }

 private:
  Tensor loc_, scale_;
  std::size_t event_dim_;
};

class Power final : public Rule {
 public:
  explicit Power(Tensor exponent) : exponent_(std::move(exponent)) {}
  const char* name() const override { return "Power"; }
  Tensor forward(const Tensor& x) const override { return pow(x, exponent_); }
  Tensor inverse(const Tensor& y) const override { return pow(y, 1 / exponent_); }
  Tensor log_det(const Tensor& x, const Tensor& y) const override {
    return log(abs(exponent_ * y / x));
  }
  Shape forward_shape(const Shape& shape) const override {
    return broadcast_shapes(shape, exponent_.shape(), "Power");
  }
  Shape inverse_shape(const Shape& shape) const override { return forward_shape(shape); }
  Constraint codomain(const Constraint&) const override { return constraints::positive; }
  int sign() const override {
    if ((exponent_ > 0).is_all()) return 1;
    return (exponent_ < 0).is_all() ? -1 : 0;
  }
  std::vector<std::pair<const char*, Tensor>> numbers() const override {
    return {{"exponent", exponent_}};
  }

 private:
  Tensor exponent_;
};

Shape longer(const Shape& shape, Index by) {
  if (shape.rank() == 0)
    fail("stick_breaking", "a scalar is no vector", "give it one axis or more");
  return shape.with(shape.rank() - 1, shape.from_right(1) + by);
}

class StickBreaking final : public Rule {
 public:
  const char* name() const override { return "StickBreaking"; }
  Tensor forward(const Tensor& x) const override {
    const Tensor a = shifted(x);
    const Tensor log_rest = cumsum(-ember::softplus(a), -1);  // log of what remains after k
    const Tensor zero = zeros(x.shape().with(x.shape().rank() - 1, 1));
    const Tensor taken = concatenate({-ember::softplus(-a), zero}, -1);
    return ember::exp(taken + concatenate({zero, log_rest}, -1));
  }
  Tensor inverse(const Tensor& y) const override {
    const Index n = y.shape().from_right(1) - 1;
    std::vector<Index> backward;
    for (Index k = n; k >= 0; --k) backward.push_back(k);
    // what is left after k, summed from the end: no cancellation
    const Tensor rest = index_select(cumsum(index_select(y, -1, backward), -1), -1, backward);
    return log(slice(y, -1, 0, n)) - log(slice(rest, -1, 1, n + 1)) + offsets(n);
  }
  Tensor log_det(const Tensor& x, const Tensor&) const override {
    const Tensor a = shifted(x);
    const Tensor rest = -ember::softplus(a);
    const Tensor log_rest = cumsum(rest, -1);  // includes k itself
    return sum(log_rest - ember::softplus(-a), -1);
  }
  std::size_t domain_event_dim() const override { return 1; }
  Shape forward_shape(const Shape& shape) const override { return longer(shape, 1); }
  Shape inverse_shape(const Shape& shape) const override { return longer(shape, -1); }
  Constraint codomain(const Constraint&) const override { return constraints::simplex; }

 private:
  static Tensor offsets(Index n) { return log(static_cast<Real>(n) - arange(n)); }
  static Tensor shifted(const Tensor& x) {
    longer(x.shape(), 0);
    return x - offsets(x.shape().from_right(1));
  }
};

class Softmax final : public Rule {
 public:
  const char* name() const override { return "Softmax"; }
  Tensor forward(const Tensor& x) const override { return ember::softmax(x, -1); }
  Tensor inverse(const Tensor& y) const override { return log(y); }
  Tensor log_det(const Tensor&, const Tensor&) const override {
    fail("softmax", "is not one to one and has no Jacobian determinant", "use stick_breaking");
  }
  std::size_t domain_event_dim() const override { return 1; }
  Constraint codomain(const Constraint&) const override { return constraints::simplex; }
};

template <class R>
Transform single() {
  static const Transform instance(std::make_shared<R>());
  return instance;
}

}  // namespace

Transform identity() { return single<Identity>(); }
Transform exp() { return single<Exp>(); }
Transform sigmoid() { return single<Sigmoid>(); }
Transform tanh() { return single<Tanh>(); }
Transform softplus() { return single<Softplus>(); }
Transform stick_breaking() { return single<StickBreaking>(); }
Transform softmax() { return single<Softmax>(); }
Transform affine(const Tensor& loc, const Tensor& scale, std::size_t event_dim) {
  return Transform(std::make_shared<Affine>(loc, scale, event_dim));
}
Transform power(const Tensor& exponent) { return Transform(std::make_shared<Power>(exponent)); }

}  // namespace ember::transforms
