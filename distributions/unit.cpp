#include <ember/distributions/unit.hpp>

#include <ember/core/operators.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Unit::Params, log_factor);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kUnitParameters = reflect::table<Unit::Params>({{Kind::any}});

class UnitFamily final : public Family {
 public:
  explicit UnitFamily(const Unit::Params& params) : Family(Unit::kInfo, reflect::values(params)) {}

  Shape event_shape() const override { return {0}; }
  Constraint support() const override { return Constraint(Constraint::Kind::any).independent(1); }
  bool has_rsample() const override { return true; }
  bool is_factor() const override { return true; }

  Tensor log_prob(const Tensor&, const Shape& elements, const Mask& visible) const override {
    return where(visible, expand(parameter(0), elements), 0);
  }
  Tensor sample(detail::RandomKey, const Shape& elements, const Mask&) const override {
    return zeros(concatenate(elements, event_shape()));
  }

 private:
};

}  // namespace

constinit const FamilyInfo Unit::kInfo{"Unit", kUnitParameters, &reflect::make<Unit>};

Unit::Unit(const Params& params) : Distribution(make_family<UnitFamily>(params)) {}

}  // namespace ember::distributions
