#include <ember/handlers/site.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/shown.hpp>

namespace ember {
namespace {

// What broadcasts with a site may repeat it, but not inside of plates: these have expanded it to
// all that is meant.
void check_enlarging(const Site& site, const Shape& batch, const Shape& shape, const char* what) {
  if (shape.rank() == 0 || shape == batch) return;
  const Shape wide = broadcast_shapes(batch, shape, what);
  if (site.plates.empty()) return;
  for (std::size_t k = 1; k <= wide.rank(); ++k) {
    if (wide.from_right(k) == batch.from_right(k)) continue;
    fail("",
         std::string(what) + " of shape " + to_string(shape) + " would repeat batch shape " +
             to_string(batch) + " along dim -" + std::to_string(k) +
             ", which no open plate gives that size",
         "give it a shape that broadcasts to the batch shape, or open a plate for that dim");
  }
}

// The batch shape that a value of the site has, with the event axes of to_event.
Shape elements_of(const Site& site) {
  const distributions::Distribution& d = site.distribution;
  const Shape& value = site.value.shape();
  const std::size_t event_dim = d.family().event_shape().rank();
  const Shape own = value.first(value.rank() - std::min(value.rank(), event_dim));
  if (own == d.element_shape()) return own;
  if (!can_broadcast(d.element_shape(), own)) {
    fail("",
         "a value of shape " + to_string(value) + " does not fit batch shape " +
             to_string(d.batch_shape()) + " and event shape " + to_string(d.event_shape()),
         "the value's shape must broadcast with batch + event");
  }
  check_enlarging(site, d.element_shape(), own, "value");
  return broadcast_shapes(d.element_shape(), own, "value");
}

}  // namespace

const char* to_string(SiteKind kind) {
  static constexpr const char* kNames[] = {"latent", "observed", "factor", "deterministic",
                                           "param"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace {

bool is_all_of_scalar(const Mask& mask) { return mask.is_all() && mask.shape().rank() == 0; }

SiteKind kind_of(const Message& message, const distributions::Distribution& d) {
  if (message.kind == Message::Kind::deterministic) return SiteKind::deterministic;
  if (message.kind == Message::Kind::param) return SiteKind::param;
  if (!message.is_observed) return SiteKind::latent;
  return d.is_factor() ? SiteKind::factor : SiteKind::observed;
}

[[gnu::noinline]] std::shared_ptr<const Site::OuterMasks> share_outer_masks(const Message& message,
                                                                            const Mask& elements) {
  return std::allocate_shared<const Site::OuterMasks>(
      detail::PoolAllocator<Site::OuterMasks>(),
      Site::OuterMasks{message.mask, elements, message.obs_mask});
}

}  // namespace

Site::Site(const Message& message, const distributions::Distribution& d, const Mask& elements)
    : name(message.name),
      place(message.place),
      kind(kind_of(message, d)),
      is_observed(message.is_observed),
      distribution(d),
      value(message.value),
      scale(message.scale),
      plates(message.plates),
      infer(message.infer) {
  if (message.obs_mask || !is_all_of_scalar(message.mask) || !is_all_of_scalar(elements)) {
    outer_masks_ = share_outer_masks(message, elements);
  }
  if (message.kind != Message::Kind::sample) return;
  // As of nearly all sites: then there is nothing to combine.
  const bool is_plain = outer_masks_ == nullptr && scale.is_number() &&
                        value.shape() == d.element_shape() && d.own_mask().is_all() &&
                        d.family().event_shape().rank() == 0;
  if (is_plain) {
    mask = Mask::filled(value.shape(), true);
  } else {
    mask = at_site(name, place, [&] { return combine_masks(); });
  }
  if (!scale.is_one()) at_site(name, place, [&] { check_scale(); });
}

// Errors where masks, scale and batch shape do not go together.
Mask Site::combine_masks() const {
  const Shape own = elements_of(*this);
  const Shape batch = own.first(own.rank() - distribution.reinterpreted());
  const OuterMasks& outer = outer_masks();
  check_enlarging(*this, batch, outer.handlers.shape(), "mask");
  if (outer.obs) check_enlarging(*this, batch, outer.obs->shape(), "obs_mask");
  check_enlarging(*this, batch, scale.shape(), "scale");
  const Mask all = distribution.own_mask() & outer_mask();
  return all.broadcast_to(broadcast_shapes(own, all.shape(), "mask"));
}

const Site::OuterMasks& Site::no_outer_masks() {
  static const OuterMasks none;
  return none;
}

Mask Site::outer_mask() const {
  const OuterMasks& outer = outer_masks();
  return detail::outer_mask(outer.handlers, outer.elements, outer.obs,
                            distribution.reinterpreted());
}

// Positive and finite where anything is visible.
void Site::check_scale() const {
  const auto is_good = [](Real s) { return s > 0 && std::isfinite(s); };
  if (scale.is_number()) {
    if (is_good(scale.number()) || mask.is_none()) return;
    fail("", "scale " + detail::shortest_text(scale.number()) + " is not positive and finite",
         "to leave the site out, mask it");
  }
  const Tensor s = detach(scale.value());
  const Mask visible = visible_batch();
  const Shape shape = broadcast_shapes(visible.shape(), s.shape(), "scale");
  const Mask bad = visible.broadcast_to(shape) & !((s > 0) & isfinite(s));
  if (bad.count() == 0) return;
  fail("",
       "a scale of shape " + to_string(s.shape()) + " is not positive and finite in " +
           std::to_string(bad.count()) + " of its visible elements",
       "mask what is not to count");
}

const Tensor& Site::unscaled_log_prob() const {
  if (!unscaled_.defined()) {
    unscaled_ = at_site(name, place, [&] {
      return has_distribution() ? distribution.log_prob(value, outer_mask()) : Tensor(0.0);
    });
  }
  return unscaled_;
}

const Tensor& Site::log_prob() const {
  if (log_prob_.defined()) return log_prob_;
  const Tensor& plain = unscaled_log_prob();
  if (scale.is_one() || !has_distribution()) return log_prob_ = plain;
  log_prob_ = at_site(name, place, [&] { return scaled(plain); });
  return log_prob_;
}

// Of coordinates, those that there are; elsewhere the density is 0.
Tensor Site::scaled(const Tensor& plain) const {
  const Tensor factor = scale.value();
  const Shape& shape = plain.shape();
  if (const detail::Coordinates* has = detail::coordinates_of(plain);
      has != nullptr && broadcasts_to(factor.shape(), shape)) {
    const Tensor values = has->values * detail::take(factor, shape, has->at, 1);
    return detail::new_coordinates(shape, {has->at, values, has->is_zero_elsewhere});
  }
  return where(visible_batch(), plain * factor, 0);
}

Mask Site::visible_batch() const {
  Mask visible = mask;
  for (std::size_t i = 0; i < distribution.reinterpreted(); ++i) visible = any(visible, -1);
  return visible;
}

const Tensor& Site::log_prob_sum() const {
  if (log_prob_sum_.defined()) return log_prob_sum_;
  if (!has_distribution()) return log_prob_sum_ = Tensor(0.0);
  if (!scale.is_number()) return log_prob_sum_ = sum(detail::stored_values(log_prob()));
  // The mask has the distribution's own in it: the family can be asked at once.
  log_prob_sum_ = at_site(
      name, place, [&] { return distribution.family().log_prob_sum(value, mask.shape(), mask); });
  // A site of which nothing counts is 0 whatever its scale is.
  if (!scale.is_one() && !mask.is_none()) log_prob_sum_ = log_prob_sum_ * scale.number();
  return log_prob_sum_;
}

void Site::keep_log_prob(Tensor log_prob, Tensor log_prob_sum) {
  log_prob_ = std::move(log_prob);
  log_prob_sum_ = std::move(log_prob_sum);
}

Site::Hidden Site::hidden() const {
  if (!has_distribution()) return {};
  const auto hides = [&](const Mask& m) {
    return mask.numel() - m.broadcast_to(mask.shape()).count();
  };
  const std::size_t n = distribution.reinterpreted();
  const OuterMasks& outer = outer_masks();
  return {hides(distribution.own_mask() & outer.elements), hides(outer.handlers.unsqueeze_right(n)),
          outer.obs ? hides(outer.obs->unsqueeze_right(n)) : 0};
}

}  // namespace ember
