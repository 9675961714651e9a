#include <ember/distributions/delta.hpp>

#include <cmath>
#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/rerun.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Delta::Params, v, log_density, event_dim);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kDeltaParameters =
    reflect::table<Delta::Params>({{Kind::any}, {Kind::any}, {Kind::nonnegative_integer}});

class DeltaFamily final : public Family {
 public:
  explicit DeltaFamily(const Delta::Params& params)
      : Family(Delta::kInfo, reflect::values(params), Batch::of_family) {
    const Real n = params.event_dim.item();
    const std::size_t rank = v().shape().rank();
    if (!(n >= 0 && n <= static_cast<Real>(rank) && n == std::floor(n))) {
      fail(name(),
           "event_dim = " + detail::shortest_text(n) + " is no number of axes that v of shape " +
               to_string(v().shape()) + " has",
           "give a whole number from 0 to " + std::to_string(rank));
    }
    event_dim_ = static_cast<std::size_t>(n);
    set_batch_shape(broadcast_shapes(v().shape().first(v().shape().rank() - event_dim_),
                                     log_density().shape(), name()));
  }

  Shape event_shape() const override { return v().shape().after(v().shape().rank() - event_dim_); }
  Constraint support() const override { return Constraint(Kind::any).independent(event_dim_); }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return v(); }
  Tensor variance() const override { return zeros(v().shape()); }
  Tensor entropy() const override { return -log_density(); }

  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const override {
    Mask same = value == v();
    for (std::size_t i = 0; i < event_dim_; ++i) same = all(same, -1);
    const Tensor at_v = where(same, log_density(), -std::numeric_limits<Real>::infinity());
    return where(visible, expand(at_v, elements), 0);
  }
  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const override {
    if (detail::Rerun* rerun = detail::Rerun::current()) rerun->note_nothing_drawn(key);
    const Tensor drawn = expand(v(), concatenate(elements, event_shape()));
    return where(visible.unsqueeze_right(event_dim_), drawn, 0);
  }

 private:
  const Tensor& v() const { return parameter(0); }
  const Tensor& log_density() const { return parameter(1); }

  std::size_t event_dim_ = 0;
};

}  // namespace

constinit const FamilyInfo Delta::kInfo{"Delta", kDeltaParameters, &reflect::make<Delta>};

Delta::Delta(const Params& params) : Distribution(make_family<DeltaFamily>(params)) {}

}  // namespace ember::distributions
