#include <ember/inference/normal_draw.hpp>

#include <ember/core/location_scale.hpp>
#include <ember/core/node.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/core/total.hpp>
#include <ember/distributions/family.hpp>
#include <ember/distributions/normal.hpp>
#include <ember/distributions/transformed.hpp>

namespace ember::inference {
namespace {

using distributions::Distribution;
using distributions::Family;
using distributions::FamilyInfo;
using transforms::Transform;

// Its parts are of one execution: files and people never see it.
constexpr FamilyInfo kInfo{"Normal", {}, nullptr};

class DrawnNormal final : public Family {
 public:
  DrawnNormal(const Tensor& loc, const Tensor& log_scale, const Transform* transform,
              detail::RandomKey key)
      : Family(kInfo, {}),
        loc_(loc),
        log_scale_(log_scale),
        u_(loc, log_scale, detail::standard_normal(key, loc.shape())) {
    set_batch_shape(loc.shape());
    if (transform != nullptr) transform_ = *transform;
    value_ = transform_ ? (*transform_)(u_.value()) : u_.value();
  }

  const Tensor& drawn() const { return value_; }
  Constraint support() const override {
    return transform_ ? transform_->codomain(constraints::real) : constraints::real;
  }
  bool has_rsample() const override { return true; }
  detail::Sources sources() const override { return detail::sources_of(value_); }

  Tensor log_prob(const Tensor& value, const Shape&, const Mask& visible) const override {
    return general().log_prob(value, visible);
  }
  Tensor log_prob_sum(const Tensor& value, const Shape& elements,
                      const Mask& visible) const override {
    if (&value.node() != &value_.node() || !(elements == batch_shape())) {
      return general().log_prob_sum(value, visible);
    }
    const Tensor of_u = u_.log_density(visible);
    if (!transform_) return of_u;
    detail::Total total;
    total.add(of_u);
    const Tensor stretch = transform_->log_abs_det_jacobian(u_.value(), value_);
    total.subtract(stretch, visible);
    return total.result();
  }
  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const override {
    return general().expand(elements).mask(visible).sample_with(key);
  }

 private:
  // Any other question is answered by the families that this stands for.
  Distribution general() const {
    const distributions::Normal u(loc_, exp(log_scale_));
    if (!transform_) return u;
    return distributions::Transformed(u, *transform_);
  }

  Tensor loc_, log_scale_;
  detail::GaussianDraw u_;
  Tensor value_;
  std::optional<Transform> transform_;
};

}  // namespace

Draw normal_draw(const Tensor& loc, const Tensor& log_scale, const Transform* transform,
                 detail::RandomKey key) {
  auto family = std::allocate_shared<const DrawnNormal>(detail::PoolAllocator<DrawnNormal>(), loc,
                                                        log_scale, transform, key);
  Tensor value = family->drawn();
  return {Distribution(std::move(family)), std::move(value)};
}

}  // namespace ember::inference
