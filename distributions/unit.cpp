#include <ember/distributions/unit.hpp>

#include <ember/core/operators.hpp>

namespace ember::distributions {
namespace {

class UnitFamily final : public Family {
 public:
  explicit UnitFamily(Tensor log_factor) : log_factor_(std::move(log_factor)) {}

  const char* name() const override { return "Unit"; }
  std::vector<Parameter> parameters() const override {
    return {{"log_factor", log_factor_, Constraint::Kind::any}};
  }
  Shape event_shape() const override { return {0}; }
  Constraint support() const override { return Constraint(Constraint::Kind::any).independent(1); }
  bool has_rsample() const override { return true; }
  bool is_factor() const override { return true; }

  Tensor log_prob(const Tensor&, const Shape& elements, const Mask& visible) const override {
    return where(visible, expand(log_factor_, elements), 0);
  }
  Tensor sample(detail::RandomKey, const Shape& elements, const Mask&) const override {
    return zeros(concatenate(elements, event_shape()));
  }

 private:
  Tensor log_factor_;
};

}  // namespace

Unit::Unit(const Tensor& log_factor) : Distribution(std::make_shared<UnitFamily>(log_factor)) {}

}  // namespace ember::distributions
