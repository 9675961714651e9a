#include <ember/inference/auto_multivariate_normal.hpp>

#include <algorithm>
#include <array>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/handlers/open_plates.hpp>

namespace ember::inference {
namespace {

constexpr std::array<const char*, 3> kParts{".loc", ".scale", ".lower"};
enum Part : std::size_t { kLoc, kScale, kLower };

// Which elements of `lower`, rows begin .. end - 1, count: those below the diagonal whose column
// does.
Mask counted(const std::vector<std::uint8_t>& columns, Index begin, Index end) {
  const auto n = static_cast<Index>(columns.size());
  std::vector<std::uint8_t> bytes;
  for (Index i = begin; i < end; ++i) {
    for (Index j = 0; j < n; ++j) {
      bytes.push_back(j < i ? columns[static_cast<std::size_t>(j)] : std::uint8_t{0});
    }
  }
  return Mask::from_bytes({end - begin, n}, std::move(bytes));
}

// The shape of the plates around the guide, which repeat the joint draw, as batch axes to the left
// of the `own` ones of a site; empty where there are none, or where its axes are in their way.
Shape around(const Message& site, Index own) {
  Shape result;
  Index left = own;
  const auto is_inside = [&](const PlateFrame& frame) {
    return std::ranges::any_of(site.plates, [&](const auto& p) { return p.dim == frame.dim; });
  };
  for (const plate* p : detail::open_plates()) {
    if (is_inside(p->frame())) continue;
    if (-p->dim() <= own) return {};
    left = std::max(left, -p->dim());
  }
  for (Index k = own; k < left; ++k) result.push_back(1);
  for (const plate* p : detail::open_plates()) {
    if (is_inside(p->frame())) continue;
    const PlateFrame& frame = p->frame();
    result[static_cast<std::size_t>(left + frame.dim)] =
        frame.subsample_size > 0 ? frame.subsample_size : frame.size;
  }
  return result;
}

Shape ones_before(const Shape& shape, std::size_t n) {
  Shape result;
  for (std::size_t k = 0; k < n; ++k) result.push_back(1);
  return concatenate(result, shape);
}

// The mask of a site whose message has passed its handlers, over the elements.
Mask mask_of_site(const Message& site) {
  const std::size_t n = site.distribution.reinterpreted();
  const Mask outer = site.distribution.own_mask() & site.mask.unsqueeze_right(n);
  return site.obs_mask ? outer & site.obs_mask->unsqueeze_right(n) : outer;
}

}  // namespace

void AutoMultivariateNormalState::end() noexcept {
  noise_ = Tensor();
  drawn_ = Tensor();
  met_.clear();
}

void AutoMultivariateNormalState::make_params(Latent& latent) {
  if (!latent.is_subsampled) return;
  fail("site '" + latent.name.str() + "'",
       "stands in a subsampled plate, whose members " + prefix() + " would have to draw all",
       "use AutoNormal");
}

void AutoMultivariateNormalState::make_joint_params() {
  std::vector<Tensor> inits;
  for (const Latent& latent : latents())
    inits.push_back(latent.init.reshape({latent.init.numel()}));
  const Tensor loc = concatenate(inits, 0);
  const Index n = loc.numel();
  const auto make = [&](Part part, const Tensor& init, const Constraint& constraint) {
    joint_.push_back(param_store().entry(Name(prefix() + kParts[part]), init, constraint));
  };
  joint_.clear();
  make(kLoc, loc, constraints::real);
  make(kScale, full({n}, static_cast<Real>(init_scale_)), constraints::positive);
  make(kLower, zeros({n, n}), constraints::real);
}

bool AutoMultivariateNormalState::is_joint_param(const std::string& param) const {
  for (const char* part : kParts) {
    if (param == prefix() + part) return true;
  }
  return false;
}

// The store may have been cleared or loaded since.
Tensor AutoMultivariateNormalState::value_of(std::size_t k) {
  if (joint_.empty() || param_store().find(joint_[k]->name) != joint_[k]) make_joint_params();
  return detail::value_of(joint_[k]);
}

AutoMultivariateNormalState::Range AutoMultivariateNormalState::range_of(Name site) const {
  Index begin = 0;
  for (const Latent& latent : latents()) {
    const Index end = begin + latent.init.numel();
    if (latent.name == site) return {begin, end};
    begin = end;
  }
  fail("site '" + site.str() + "'", "was not met when " + prefix() + " was set up",
       "its distribution has as many coordinates as the sites had then");
}

distributions::Distribution AutoMultivariateNormalState::posterior(const Message& site) {
  const auto [begin, end] = range_of(site.name);
  const Latent& latent = *find_latent(site.name);
  const Tensor loc = value_of(kLoc);
  const auto events = static_cast<Index>(latent.event_dim + latent.reinterpreted);
  const Shape outer = around(site, latent.init.dim() - events);
  const Shape shape = concatenate(outer, latent.unconstrained_shape);
  if (!noise_.defined()) {
    // one row a repetition, where there are any
    const Shape rows = outer.rank() == 0 ? Shape{} : Shape{outer.numel()};
    noise_ =
        detail::standard_normal(detail::next_key(Name(prefix())), concatenate(rows, loc.shape()));
    met_.assign(static_cast<std::size_t>(loc.numel()), 0);
  }
  const Mask full =
      mask_of_site(site).unsqueeze_right(latent.event_dim).broadcast_to(shape, "mask");
  const Mask visible = any_to_shape(full, ones_before(latent.unconstrained_shape, outer.rank()));
  if (!(visible.broadcast_to(shape) == full)) {
    fail("mask", "hides other elements in some of the draws than in others", "leave .parallel out");
  }
  const std::vector<std::uint8_t> bytes = visible.to_bytes();
  std::copy(bytes.begin(), bytes.end(), met_.begin() + begin);

  const Tensor lower = value_of(kLower).slice(0, begin, end);
  const Tensor scale = value_of(kScale).slice(0, begin, end);
  const Tensor kept = where(counted(met_, begin, end), lower, 0);
  const Tensor before = noise_.dim() == 1 ? matmul(kept, noise_) : matmul(noise_, transpose(kept));
  const Tensor mean = loc.slice(0, begin, end) + scale * before;
  const Tensor u = mean + scale * noise_.slice(-1, begin, end);
  drawn_ = biject_to(latent.support)(u.reshape(shape));
  return normal_of(latent, mean.reshape(shape), scale.reshape(latent.unconstrained_shape));
}

Tensor AutoMultivariateNormalState::draw(Name, const distributions::Distribution&) {
  return std::exchange(drawn_, Tensor());
}

// posterior() is overridden: the parts of the joint distribution are made there.
distributions::Distribution AutoMultivariateNormalState::make_posterior(
    const Latent& latent, std::span<const Tensor> params) {
  return normal_of(latent, params[0], params[1]);
}

Tensor AutoMultivariateNormalState::loc() { return value_of(kLoc); }

Tensor AutoMultivariateNormalState::scale_tril() {
  const Tensor lower = value_of(kLower);
  const Index n = lower.shape()[0];
  const std::vector<std::uint8_t> all(static_cast<std::size_t>(n), 1);
  return value_of(kScale).reshape({n, 1}) * (where(counted(all, 0, n), lower, 0) + eye(n));
}

Tensor AutoMultivariateNormalState::quantile_of(const Latent& latent, double p) {
  const auto [begin, end] = range_of(latent.name);
  const Tensor deviation = sqrt(sum(square(scale_tril().slice(0, begin, end)), -1));
  const Tensor u = loc().slice(0, begin, end) + deviation * normal_quantile(static_cast<Real>(p));
  return biject_to(latent.support)(u.reshape(latent.unconstrained_shape));
}

}  // namespace ember::inference
