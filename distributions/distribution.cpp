#include <ember/distributions/distribution.hpp>

#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/family.hpp>
#include <ember/distributions/sum_last.hpp>

namespace ember::distributions {

using detail::sum_last;

Distribution::Distribution(std::shared_ptr<const Family> family) {
  if (family == nullptr) undefined();
  const NormalForm* own = &family->form();
  form_ = std::shared_ptr<const NormalForm>(std::move(family), own);
}

std::shared_ptr<const Family> Distribution::share_family() const {
  const Family* own = &family();
  return form_->held ? form_->held : std::shared_ptr<const Family>(form_, own);
}

Distribution Distribution::with_form(NormalForm form) const {
  form.held = share_family();
  Distribution result;
  result.form_ =
      std::allocate_shared<const NormalForm>(detail::PoolAllocator<NormalForm>(), std::move(form));
  return result;
}

const NormalForm& Distribution::undefined_form() {
  static const NormalForm form{};
  return form;
}

void Distribution::undefined() {
  fail("distribution", "an undefined distribution was used",
       "give it a family first: defined() tells");
}

std::string Distribution::name() const { return family().name(); }

Shape Distribution::event_shape() const {
  if (reinterpreted() == 0) return family().event_shape();
  return concatenate(element_shape().after(element_shape().rank() - reinterpreted()),
                     family().event_shape());
}

Constraint Distribution::support() const { return family().support().independent(reinterpreted()); }

bool Distribution::has_rsample() const { return family().has_rsample(); }

bool Distribution::is_factor() const { return family().is_factor(); }

Tensor Distribution::sample(Name site, const Shape& sample_shape) const {
  return sample_with(detail::next_key(site), sample_shape);
}

Tensor Distribution::sample_with(detail::RandomKey key, const Shape& sample_shape) const {
  const Shape elements = concatenate(sample_shape, element_shape());
  const Tensor drawn = family().sample(key, elements, own_mask().broadcast_to(elements));
  return detail::sources_are_marked() ? detail::with_sources(drawn, sources()) : drawn;
}

detail::Sources Distribution::sources() const {
  return detail::join(family().sources(), own_mask().sources());
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
  Shape elements = elements_of(element_shape(), family(), value);
  elements = with_mask(elements, mask, family());
  const Mask visible = (own_mask() & mask).broadcast_to(elements);
  return sum_last(family().log_prob(value, elements, visible), reinterpreted());
}

Tensor Distribution::log_prob_sum(const Tensor& value, const Mask& mask) const {
  const bool is_as_it_stands =
      value.shape() == element_shape() && mask.shape() == element_shape() && own_mask().is_all() &&
      own_mask().sources() == nullptr && family().event_shape().rank() == 0;
  if (is_as_it_stands) return family().log_prob_sum(value, element_shape(), mask);
  Shape elements = elements_of(element_shape(), family(), value);
  elements = with_mask(elements, mask, family());
  return family().log_prob_sum(value, elements, (own_mask() & mask).broadcast_to(elements));
}

Tensor Distribution::mean() const {
  family().check(own_mask());
  return ember::expand(family().mean(), concatenate(element_shape(), family().event_shape()));
}
Tensor Distribution::variance() const {
  family().check(own_mask());
  return ember::expand(family().variance(), concatenate(element_shape(), family().event_shape()));
}
Tensor Distribution::entropy() const {
  family().check(own_mask());
  return sum_last(where(own_mask(), ember::expand(family().entropy(), element_shape()), 0),
                  reinterpreted());
}
Tensor Distribution::cdf(const Tensor& value) const {
  family().check(own_mask());
  return family().cdf(value);
}
Tensor Distribution::icdf(const Tensor& probability) const {
  family().check(own_mask());
  const Mask is_probability = (probability >= 0) & (probability <= 1);
  return where(is_probability, family().icdf(probability), std::numeric_limits<Real>::quiet_NaN());
}
Tensor Distribution::enumerate_support() const {
  family().check(own_mask());
  return family().enumerate_support();
}

Distribution Distribution::expand(const Shape& batch_shape) const {
  const Shape own = this->batch_shape();
  if (!broadcasts_to(own, batch_shape)) {
    fail(name(),
         "batch shape " + to_string(own) + " can't be expanded to " + to_string(batch_shape),
         "expand repeats axes that are absent or of size 1");
  }
  NormalForm wide = form();
  wide.elements = concatenate(batch_shape, element_shape().after(own.rank()));
  if (wide.mask.bytes() || wide.mask.is_none()) {
    // the axes of the event stay where they are: only the batch axes are repeated
    wide.mask = wide.mask.broadcast_to(wide.elements);
  }
  return with_form(std::move(wide));
}

Distribution Distribution::to_event(Index n) const {
  const std::size_t rank = element_shape().rank() - reinterpreted();
  if (n < 0 || n > static_cast<Index>(rank)) {
    fail(name(), "to_event(" + std::to_string(n) + ") of batch shape " + to_string(batch_shape()),
         "the batch has " + detail::counted(rank, "axis", "axes"));
  }
  if (n == 0) return *this;
  NormalForm joint = form();
  joint.reinterpreted += static_cast<std::size_t>(n);
  return with_form(std::move(joint));
}

Distribution Distribution::mask(const Mask& mask) const {
  const Shape batch = batch_shape();
  Shape wide = with_mask(batch, mask, family());
  if (reinterpreted() > 0 && !(wide == batch)) {
    fail(name(),
         "after to_event a mask of shape " + to_string(mask.shape()) +
             " would enlarge batch shape " + to_string(batch),
         "put the mask before to_event");
  }
  NormalForm masked = wide == batch ? form() : expand(wide).form();
  masked.mask =
      (masked.mask & mask.unsqueeze_right(masked.reinterpreted)).broadcast_to(masked.elements);
  if (masked.mask.is_all()) masked.mask = Mask(true).with_sources(masked.mask.sources());
  return with_form(std::move(masked));
}

Distribution Distribution::from_normal_form(std::shared_ptr<const Family> family,
                                            const Shape& elements, std::size_t reinterpreted,
                                            const Mask& mask) {
  const Distribution own(std::move(family));
  if (reinterpreted > elements.rank() || !broadcasts_to(own.element_shape(), elements)) {
    fail(own.name(), "batch shape " + to_string(own.element_shape()) + " can't be expanded to " +
                         to_string(elements));
  }
  return own.with_form({own.form_->family, elements, reinterpreted,
                        mask.is_all() ? Mask(true) : mask.broadcast_to(elements, own.name())});
}

}  // namespace ember::distributions
