// Distribution: a family with its parameters, seen through what expand, mask and to_event did to
// it.
#pragma once

#include <memory>
#include <string>

#include <ember/core/name.hpp>
#include <ember/core/random.hpp>
#include <ember/distributions/constraint.hpp>

namespace ember::distributions {

class Family;
struct FamilyInfo;

/// What a distribution is: a family, and what expand, mask and to_event did to it.
struct NormalForm {
  const Family* family;
  Shape elements = {};            // the batch shape followed by the event axes that to_event made
  std::size_t reinterpreted = 0;  // how many of them are event axes
  Mask mask = {};                 // over the elements, or all of a scalar
  std::shared_ptr<const Family> held = {};  // null in a family's own form, which lies in it
};

/// A distribution over values of shape batch + event. A value type: a handle, copies share all that
/// it is.
///
/// Whatever wrappers were applied in whatever order, a distribution is in one normal form: a
/// family, the shape of its *elements* (the batch shape followed by the event axes that to_event
/// made), how many of these axes are event axes, and a mask over the elements. Hidden elements are
/// never evaluated, validated or drawn from: they have density 0, with gradient 0, and a fixed
/// value inside the support.
class Distribution {
 public:
  Distribution() = default;
  explicit Distribution(std::shared_ptr<const Family> family);

  bool defined() const { return form_ != nullptr; }
  const Family& family() const {
    if (form_ == nullptr) undefined();
    return *form_->family;
  }
  std::shared_ptr<const Family> share_family() const;
  /// The family's name, "Normal".
  std::string name() const;

  Shape batch_shape() const {
    return reinterpreted() == 0 ? element_shape()
                                : element_shape().first(element_shape().rank() - reinterpreted());
  }
  Shape event_shape() const;
  Constraint support() const;
  bool has_rsample() const;

  /// A draw of shape sample_shape + batch + event, differentiable in the parameters where
  /// has_rsample().
  Tensor sample(const Shape& sample_shape = {}) const { return sample(Name(), sample_shape); }
  Tensor sample(Name site, const Shape& sample_shape) const;
  /// The draw of a key: the same key gives the same numbers.
  Tensor sample_with(detail::RandomKey key, const Shape& sample_shape = {}) const;

  /// log p(value) over the batch shape (broadcast with the value's), 0 where everything is hidden.
  Tensor log_prob(const Tensor& value) const { return log_prob(value, Mask(true)); }
  /// The same under one more mask, which broadcasts with the elements.
  Tensor log_prob(const Tensor& value, const Mask& mask) const;
  /// sum(log_prob(value, mask)), fused.
  Tensor log_prob_sum(const Tensor& value, const Mask& mask = Mask(true)) const;

  Tensor mean() const;
  Tensor variance() const;
  Tensor entropy() const;
  Tensor cdf(const Tensor& value) const;
  Tensor icdf(const Tensor& probability) const;
  /// All values of a finite support, along a new first axis.
  Tensor enumerate_support() const;

  /// With a batch shape that the present one broadcasts to.
  Distribution expand(const Shape& batch_shape) const;
  /// With the last n batch axes made part of the event: log_prob sums over them.
  Distribution to_event(Index n) const;
  Distribution to_event() const { return to_event(static_cast<Index>(batch_shape().rank())); }
  /// Counting only where the mask is true. Before to_event a mask may enlarge the batch; after it,
  /// that is an error.
  Distribution mask(const Mask& mask) const;

  /// Whether this is a Unit: a factor, not something drawn.
  bool is_factor() const;
  /// Which sites parameters and mask come from: see core/sources.hpp.
  detail::Sources sources() const;

  /// The batch shape followed by the event axes that to_event made.
  const Shape& element_shape() const { return form().elements; }
  std::size_t reinterpreted() const { return form().reinterpreted; }
  const Mask& own_mask() const { return form().mask; }
  /// The same family without what expand, mask and to_event did, and this normal form of it.
  static Distribution from_normal_form(std::shared_ptr<const Family> family, const Shape& elements,
                                       std::size_t reinterpreted, const Mask& mask);

 private:
  const NormalForm& form() const { return form_ != nullptr ? *form_ : undefined_form(); }
  /// Of an undefined distribution: no axes, nothing masked.
  static const NormalForm& undefined_form();
  [[noreturn]] static void undefined();
  /// The same family in another form.
  Distribution with_form(NormalForm form) const;

  std::shared_ptr<const NormalForm> form_;
};

}  // namespace ember::distributions
