#include <ember/distributions/kl.hpp>

#include <algorithm>
#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/custom.hpp>
#include <ember/distributions/delta.hpp>
#include <ember/distributions/kl_pairs.hpp>
#include <ember/distributions/sum_last.hpp>
#include <ember/distributions/transformed.hpp>

namespace ember::distributions {

bool kl::given_by(const Family& f, std::string_view parameter) {
  return std::ranges::any_of(f.parameters(),
                             [&](const Parameter& p) { return p.info->name == parameter; });
}

namespace {

using Kind = Constraint::Kind;

const KlPair* find_pair(const Family& p, const Family& q, std::size_t p_event_axes) {
  for (const auto pairs : {kl_of_real_families(), kl_by_moments(), kl_of_discrete_families(),
                           kl_of_vector_families()}) {
    for (const KlPair& pair : pairs) {
      if (pair.p == &p.info() && pair.q == &q.info() && pair.p_event_axes == p_event_axes) {
        return &pair;
      }
    }
  }
  return nullptr;
}

// How far a support of independent numbers reaches, among those of its sort: 0 where that is not
// known.
int reach_of(Kind kind) {
  switch (kind) {
    case Kind::unit_interval:
    case Kind::interval:
    case Kind::half_open_interval:
    case Kind::boolean:
    case Kind::integer_interval:
      return 1;
    case Kind::positive:
    case Kind::nonnegative:
    case Kind::greater_than:
    case Kind::greater_than_eq:
    case Kind::less_than:
    case Kind::nonnegative_integer:
      return 2;
    case Kind::real:
      return 3;
    default:
      return 0;
  }
}

// Whether p has mass outside of the support of q, whatever their parameters.
bool reaches_beyond(const Constraint& p, const Constraint& q) {
  if (p.is_discrete() != q.is_discrete()) return false;
  return reach_of(q.kind()) > 0 && reach_of(p.kind()) > reach_of(q.kind());
}

[[noreturn]] void no_closed_form(const Distribution& p, const Distribution& q) {
  fail("kl_divergence", "KL(" + p.name() + " || " + q.name() + ") has no closed form here",
       "estimate it from draws of p: mean(p.log_prob(x) - q.log_prob(x))");
}

// A mask over elements as one over the first `rank` of their axes, where it is the same along the
// others.
Mask without_last_axes(const Distribution& d, std::size_t n) {
  Mask mask = d.own_mask();
  if (n == 0 || mask.is_all()) return mask;
  const Mask full = mask.broadcast_to(d.element_shape());
  Mask any_of = full, all_of = full;
  for (std::size_t i = 0; i < n; ++i) {
    any_of = any(any_of, -1);
    all_of = all(all_of, -1);
  }
  if (!(any_of == all_of)) {
    fail("kl_divergence", "a mask hides parts of single events of " + d.name(),
         "mask whole events: the other side's events are not made of independent parts");
  }
  return all_of;
}

// -log q(v), infinite where v lies outside of the support of q.
Tensor from_delta(const Distribution& q, const Tensor& v, const Mask& visible) {
  const Constraint support = q.support();
  Mask inside = support.check(v);
  for (std::size_t i = 0; i < support.reinterpreted(); ++i) inside = all(inside, -1);
  const Mask counts = visible & inside;
  const Mask elements = counts.unsqueeze_right(q.reinterpreted());
  return where(inside | !visible, -q.log_prob(v, elements), kl::kInfinity);
}

// Of two that one transform has made: the bases', as it changes no ratio of densities.
Tensor of_bases(const Distribution& p, const Distribution& q, const Shape& elements,
                const Mask& visible) {
  const auto from = parts_of(p.family()), to = parts_of(q.family());
  if (!from || !to || !(from->transform == to->transform)) return {};
  const auto base = [&](const Distribution& d, const Distribution& of) {
    const Distribution whole = of.expand(d.element_shape());
    return whole.to_event(static_cast<Index>(d.reinterpreted())).expand(elements).mask(visible);
  };
  return kl_divergence(base(p, from->base), base(q, to->base));
}

// What a user's family knows of its own divergences.
Tensor by_custom(const Distribution& p, const Distribution& q) {
  if (p.reinterpreted() > 0 || q.reinterpreted() > 0) return {};
  Tensor kl;
  if (const auto* own = Custom::of<Custom>(p)) kl = own->kl_to(Distribution(q.share_family()));
  if (kl.defined()) return kl;
  if (const auto* own = Custom::of<Custom>(q)) kl = own->kl_from(Distribution(p.share_family()));
  return kl;
}

// The first n event axes that to_event made, as batch axes again.
Distribution as_batch(const Distribution& d, std::size_t n) {
  return Distribution::from_normal_form(d.share_family(), d.element_shape(), d.reinterpreted() - n,
                                        d.own_mask());
}

}  // namespace

Tensor kl_divergence(const Distribution& p, const Distribution& q) {
  if (!(p.event_shape() == q.event_shape())) {
    fail("kl_divergence",
         p.name() + " has event shape " + to_string(p.event_shape()) + ", " + q.name() +
             " has event shape " + to_string(q.event_shape()),
         "both must be distributions of the same values");
  }
  // Axes that are independent on both sides are summed at the end.
  const std::size_t common = std::min(p.reinterpreted(), q.reinterpreted());
  const Distribution a = as_batch(p, common);
  const Distribution b = as_batch(q, common);
  const Shape elements = broadcast_shapes(a.batch_shape(), b.batch_shape(), "kl_divergence");
  const Mask visible =
      (without_last_axes(a, a.reinterpreted()) & without_last_axes(b, b.reinterpreted()))
          .broadcast_to(elements);
  Tensor kl;
  if (&p.family().info() == &Delta::kInfo) {
    const Tensor v = expand(kl::at(a.family(), 0), concatenate(elements, a.event_shape()));
    kl = from_delta(b, v, visible);
  } else if (const KlPair* pair = find_pair(a.family(), b.family(), a.reinterpreted());
             pair != nullptr && b.reinterpreted() == 0) {
    kl = pair->kl(a.family(), b.family());
  } else if (const Tensor bases = of_bases(a, b, elements, visible); bases.defined()) {
    kl = bases;
  } else if (const Tensor custom = by_custom(a, b); custom.defined()) {
    kl = custom;
  } else if (a.family().event_shape().rank() == 0 && b.family().event_shape().rank() == 0 &&
             reaches_beyond(a.family().support(), b.family().support())) {
    kl = kl::kInfinity;
  } else {
    no_closed_form(p, q);
  }
  kl = expand(kl, elements);
  if (validation_enabled()) {
    const std::string what = "KL(" + p.name() + " || " + q.name() + ")";
    check_visible(constraints::real, kl, visible, "kl_divergence", what);
  }
  return detail::sum_last(where(visible, kl, 0), common);
}

}  // namespace ember::distributions
