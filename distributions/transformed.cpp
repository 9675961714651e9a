#include <ember/distributions/transformed.hpp>

#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/distributions/element_names.hpp>
#include <ember/distributions/family.hpp>
#include <ember/distributions/sum_last.hpp>
#include <ember/distributions/visible_elements.hpp>

namespace ember::distributions {
namespace {

using transforms::Transform;

// Its parts are distributions and transforms, not tensors: files treat it apart.
constexpr FamilyInfo kInfo{"Transformed", {}, nullptr};

class TransformedFamily final : public Family {
 public:
  TransformedFamily(const Distribution& base, Transform transform)
      : Family(kInfo, {}), base_(base), transform_(std::move(transform)) {
    const std::size_t own = base.event_shape().rank();
    const std::size_t needed = transform_.domain_event_dim();
    if (own < needed) base_ = base.to_event(static_cast<Index>(needed - own));
    extra_ = base_.event_shape().rank() - needed;
    const Shape shape =
        transform_.forward_shape(concatenate(base_.batch_shape(), base_.event_shape()));
    const std::size_t event_dim = transform_.codomain_event_dim() + extra_;
    set_batch_shape(shape.first(shape.rank() - event_dim));
    event_shape_ = shape.after(batch_shape().rank());
    if (!(batch_shape() == base_.batch_shape())) base_ = base_.expand(batch_shape());
  }

  Shape event_shape() const override { return event_shape_; }
  Constraint support() const override {
    const Constraint codomain = transform_.codomain(base_.support());
    const std::size_t event_dim = event_shape_.rank();
    return codomain.independent(event_dim - std::min(event_dim, codomain.event_dim()));
  }
  bool has_rsample() const override { return base_.has_rsample(); }
  detail::Sources sources() const override {
    return detail::join(base_.sources(), transform_.sources());
  }

  // Hidden elements go through the transform like the others; what comes out of it is neither read
  // nor given an adjoint.
  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const override {
    check_transform(visible);
    check_value(value, elements, visible);
    const Tensor x = transform_.inv(value);
    const Tensor jacobian = log_det(x, value);
    const Tensor of_base = base_.log_prob(x, over_base(visible));
    if (const auto at = VisibleElements::places(jacobian, visible)) {
      return of_base -
             detail::new_coordinates(elements, {at, detail::take(jacobian, elements, at, 1), true});
    }
    return of_base - where(visible, expand(jacobian, elements), 0);
  }
  Tensor log_prob_sum(const Tensor& value, const Shape& elements,
                      const Mask& visible) const override {
    check_transform(visible);
    check_value(value, elements, visible);
    const Tensor x = transform_.inv(value);
    const Tensor jacobian = log_det(x, value);
    const auto at = VisibleElements::places(jacobian, visible);
    return base_.log_prob_sum(x, over_base(visible)) -
           sum(at != nullptr ? detail::take(jacobian, elements, at, 1)
                             : where(visible, expand(jacobian, elements), 0));
  }
  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const override {
    check_transform(visible);
    return transform_(base_.expand(elements).mask(visible).sample_with(key));
  }
  void check(const Mask& visible) const override {
    check_transform(visible);
    base_.family().check(base_.own_mask() & over_base(visible));
  }
  Tensor cdf(const Tensor& value) const override {
    check_monotone("cdf");
    const Tensor x = transform_.inv(value);
    const Tensor below = constant_where_infinite(x, base_.family().cdf(x));
    const Tensor f = transform_.sign() > 0 ? below : 1 - below;
    const auto [low, high] = range();
    return where(value < low, 0, where(value > high, 1, f));
  }
  Tensor icdf(const Tensor& probability) const override {
    check_monotone("icdf");
    const Tensor x = base_.family().icdf(transform_.sign() > 0 ? probability : 1 - probability);
    return transform_(constant_where_infinite(x, x));
  }

  TransformedParts parts() const { return {base_, transform_}; }

 private:
  void check_value(const Tensor& value, const Shape& elements, const Mask& visible) const {
    if (!validation_enabled()) return;
    if (event_shape_.rank() == 0) {
      if (const auto at = VisibleElements::places(value, visible)) {
        const ElementNames names(*at, elements);
        const Tensor seen = detail::take(value, elements, at, 1);
        check_visible(support(), seen, Mask::filled(seen.shape(), true), name(), "value");
        return;
      }
    }
    check_visible(support(), value, visible, name(), "value");
  }
  void check_transform(const Mask& visible) const {
    if (validation_enabled()) transform_.rule().check(visible, base_.event_shape().rank());
  }
  Tensor log_det(const Tensor& x, const Tensor& value) const {
    return detail::sum_last(transform_.log_abs_det_jacobian(x, value), extra_);
  }
  void check_monotone(const char* what) const {
    const int sign = transform_.sign();
    // values that come in steps: F of a decreasing map would need the step itself
    if (sign == 0 || (sign < 0 && base_.support().is_discrete())) lacks(what);
  }
  // At the infinite ends of the base F is flat, but slopes on the way there are no numbers.
  static Tensor constant_where_infinite(const Tensor& x, const Tensor& y) {
    return where(abs(x) == std::numeric_limits<Real>::infinity(), detach(y), y);
  }
  // What the ends of the base's support are taken to, the smaller one first.
  transforms::Ends range() const {
    const auto [low, high] = transforms::ends_of(base_.support());
    const Tensor a = detach(transform_(low)), b = detach(transform_(high));
    return transform_.sign() > 0 ? transforms::Ends{a, b} : transforms::Ends{b, a};
  }
  // A mask over these elements as one over the base's, whose event axes belong to one element.
  Mask over_base(const Mask& visible) const {
    return visible.unsqueeze_right(base_.reinterpreted());
  }

  Distribution base_;
  Transform transform_;
  std::size_t extra_ = 0;  // event axes of the base beyond the transform's own
  Shape event_shape_;
};

}  // namespace

std::optional<TransformedParts> parts_of(const Family& family) {
  const auto* transformed = dynamic_cast<const TransformedFamily*>(&family);
  if (transformed == nullptr) return {};
  return transformed->parts();
}

Transformed::Transformed(const Distribution& base, std::vector<transforms::Transform> transforms)
    : Transformed(base, transforms::compose(std::move(transforms))) {}

Transformed::Transformed(const Distribution& base, const transforms::Transform& transform)
    : Distribution(make_family<TransformedFamily>(base, transform)) {}

}  // namespace ember::distributions
