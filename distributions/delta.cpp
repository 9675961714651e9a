#include <ember/distributions/delta.hpp>

#include <limits>

#include <ember/core/operators.hpp>

namespace ember::distributions {
namespace {

class DeltaFamily final : public Family {
 public:
  DeltaFamily(Tensor v, Tensor log_density, std::size_t event_dim)
      : v_(std::move(v)), log_density_(std::move(log_density)), event_dim_(event_dim) {}

  const char* name() const override { return "Delta"; }
  std::vector<Parameter> parameters() const override {
    return {{"v", v_, Constraint::Kind::any, event_dim_},
            {"log_density", log_density_, constraints::real}};
  }
  Shape event_shape() const override { return v_.shape().after(v_.shape().rank() - event_dim_); }
  Constraint support() const override {
    return Constraint(Constraint::Kind::any).independent(event_dim_);
  }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return v_; }
  Tensor variance() const override { return zeros(v_.shape()); }
  Tensor entropy() const override { return -log_density_; }

  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const override {
    Mask same = value == v_;
    for (std::size_t i = 0; i < event_dim_; ++i) same = all(same, -1);
    const Tensor where_equal = where(same, log_density_, -std::numeric_limits<Real>::infinity());
    return where(visible, expand(where_equal, elements), 0);
  }
  Tensor sample(detail::RandomKey, const Shape& elements, const Mask& visible) const override {
    const Tensor drawn = expand(v_, concatenate(elements, event_shape()));
    return where(visible.unsqueeze_right(event_dim_), drawn, 0);
  }

 private:
  Tensor v_, log_density_;
  std::size_t event_dim_;
};

}  // namespace

Delta::Delta(const Tensor& v, const Tensor& log_density, Index event_dim)
    : Distribution(
          std::make_shared<DeltaFamily>(v, log_density, static_cast<std::size_t>(event_dim))) {}

}  // namespace ember::distributions
