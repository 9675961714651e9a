#include <ember/distributions/distribution.hpp>

#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/family.hpp>

namespace ember::distributions {
namespace {

// log_prob's result over the batch: event axes that to_event made are summed.
Tensor sum_last(const Tensor& x, std::size_t n) {
  if (n == 0) return x;
  if (n == static_cast<std::size_t>(x.dim())) return sum(x);
  const Shape kept = x.shape().first(x.shape().rank() - n);
  return sum(x.reshape(concatenate(kept, Shape{x.shape().after(kept.rank()).numel()})), -1);
}

}  // namespace

Distribution::Distribution(std::shared_ptr<const Family> family)
    : family_(std::move(family)), elements_(family_->batch_shape()) {}

std::string Distribution::name() const { return family_->name(); }

Shape Distribution::event_shape() const {
  return concatenate(elements_.after(elements_.rank() - reinterpreted_), family_->event_shape());
}

Constraint Distribution::support() const { return family_->support().independent(reinterpreted_); }

bool Distribution::has_rsample() const { return family_->has_rsample(); }

bool Distribution::is_factor() const { return family_->is_factor(); }

Tensor Distribution::sample(Name site, const Shape& sample_shape) const {
  return sample_with(detail::next_key(site), sample_shape);
}

Tensor Distribution::sample_with(detail::RandomKey key, const Shape& sample_shape) const {
  const Shape elements = concatenate(sample_shape, elements_);
  const Tensor drawn = family_->sample(key, elements, mask_.broadcast_to(elements));
  return detail::sources_are_marked() ? detail::with_sources(drawn, sources()) : drawn;
}

detail::Sources Distribution::sources() const {
  return detail::join(family_->sources(), mask_.sources());
}

namespace {

// The elements that a value of this shape asks for.
Shape elements_of(const Shape& own, const Family& family, const Tensor& value) {
  const Shape event = family.event_shape();
  const Shape& shape = value.shape();
  if (shape.rank() < event.rank() || !(shape.after(shape.rank() - event.rank()) == event)) {
    fail(family.name(), "a value of shape " + to_string(shape) +
                            " does not end in the event shape " + to_string(event));
  }
  const Shape batch = shape.first(shape.rank() - event.rank());
  if (!can_broadcast(own, batch)) {
    fail(family.name(),
         "a value of shape " + to_string(shape) + " does not fit batch shape " + to_string(own) +
             " and event shape " + to_string(event),
         "the value's shape must broadcast with batch + event");
  }
  return broadcast_shapes(own, batch, family.name());
}

// A shape broadcast with that of a mask.
Shape with_mask(const Shape& shape, const Mask& mask, const Family& family) {
  if (!can_broadcast(shape, mask.shape())) {
    fail(family.name(),
         "a mask of shape " + to_string(mask.shape()) + " does not broadcast with " +
             to_string(shape),
         "sizes of matching axes, counted from the right, must be equal or 1");
  }
  return broadcast_shapes(shape, mask.shape(), family.name());
}

}  // namespace

Tensor Distribution::log_prob(const Tensor& value, const Mask& mask) const {
  Shape elements = elements_of(elements_, *family_, value);
  elements = with_mask(elements, mask, *family_);
  const Mask visible = (mask_ & mask).broadcast_to(elements);
  return sum_last(family_->log_prob(value, elements, visible), reinterpreted_);
}

Tensor Distribution::log_prob_sum(const Tensor& value, const Mask& mask) const {
  const bool is_as_it_stands = value.shape() == elements_ && mask.shape() == elements_ &&
                               mask_.is_all() && mask_.sources() == nullptr &&
                               family_->event_shape().rank() == 0;
  if (is_as_it_stands) return family_->log_prob_sum(value, elements_, mask);
  Shape elements = elements_of(elements_, *family_, value);
  elements = with_mask(elements, mask, *family_);
  return family_->log_prob_sum(value, elements, (mask_ & mask).broadcast_to(elements));
}

Tensor Distribution::mean() const {
  return ember::expand(family_->mean(), concatenate(elements_, family_->event_shape()));
}
Tensor Distribution::variance() const {
  return ember::expand(family_->variance(), concatenate(elements_, family_->event_shape()));
}
Tensor Distribution::entropy() const {
  return sum_last(where(mask_, ember::expand(family_->entropy(), elements_), 0), reinterpreted_);
}
Tensor Distribution::cdf(const Tensor& value) const { return family_->cdf(value); }
Tensor Distribution::icdf(const Tensor& probability) const {
  const Mask is_probability = (probability >= 0) & (probability <= 1);
  return where(is_probability, family_->icdf(probability), std::numeric_limits<Real>::quiet_NaN());
}
Tensor Distribution::enumerate_support() const { return family_->enumerate_support(); }

Distribution Distribution::expand(const Shape& batch_shape) const {
  const Shape own = this->batch_shape();
  if (!broadcasts_to(own, batch_shape)) {
    fail(name(),
         "batch shape " + to_string(own) + " can't be expanded to " + to_string(batch_shape),
         "expand repeats axes that are absent or of size 1");
  }
  Distribution result = *this;
  result.elements_ = concatenate(batch_shape, elements_.after(own.rank()));
  if (mask_.bytes() || mask_.is_none()) {
    // the axes of the event stay where they are: only the batch axes are repeated
    result.mask_ = mask_.broadcast_to(result.elements_);
  }
  return result;
}

Distribution Distribution::to_event(Index n) const {
  const std::size_t rank = elements_.rank() - reinterpreted_;
  if (n < 0 || n > static_cast<Index>(rank)) {
    fail(name(), "to_event(" + std::to_string(n) + ") of batch shape " + to_string(batch_shape()),
         "the batch has " + detail::counted(rank, "axis", "axes"));
  }
  Distribution result = *this;
  result.reinterpreted_ += static_cast<std::size_t>(n);
  return result;
}

Distribution Distribution::mask(const Mask& mask) const {
  const Shape batch = batch_shape();
  Shape wide = with_mask(batch, mask, *family_);
  if (reinterpreted_ > 0 && !(wide == batch)) {
    fail(name(),
         "after to_event a mask of shape " + to_string(mask.shape()) +
             " would enlarge batch shape " + to_string(batch),
         "put the mask before to_event");
  }
  Distribution result = wide == batch ? *this : expand(wide);
  result.mask_ =
      (result.mask_ & mask.unsqueeze_right(reinterpreted_)).broadcast_to(result.elements_);
  if (result.mask_.is_all()) result.mask_ = Mask(true).with_sources(result.mask_.sources());
  return result;
}

Distribution Distribution::from_normal_form(std::shared_ptr<const Family> family,
                                            const Shape& elements, std::size_t reinterpreted,
                                            const Mask& mask) {
  Distribution result(std::move(family));
  if (reinterpreted > elements.rank() || !broadcasts_to(result.elements_, elements)) {
    fail(result.name(), "batch shape " + to_string(result.elements_) + " can't be expanded to " +
                            to_string(elements));
  }
  result.elements_ = elements;
  result.reinterpreted_ = reinterpreted;
  result.mask_ = mask.is_all() ? Mask(true) : mask.broadcast_to(elements, result.name());
  return result;
}

}  // namespace ember::distributions
