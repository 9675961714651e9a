#include <ember/inference/auto_multivariate_normal.hpp>

#include <algorithm>
#include <array>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/handlers/open_plates.hpp>
#include <ember/handlers/shown.hpp>
#include <ember/handlers/visible_value.hpp>

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

}  // namespace

std::vector<ParamStore::Entry> AutoMultivariateNormalState::make_params(
    const Latent& latent) const {
  if (!latent.is_subsampled) return {};
  fail("site '" + latent.name.str() + "'",
       "stands in a subsampled plate, whose members " + prefix() + " would have to draw all",
       "use AutoNormal");
}

std::vector<ParamStore::Entry> AutoMultivariateNormalState::make_joint_params(
    std::span<const Latent> sites) const {
  std::vector<Tensor> inits;
  for (const Latent& latent : sites) inits.push_back(latent.init.reshape({latent.init.numel()}));
  const Tensor loc = concatenate(inits, 0);
  const Index n = loc.numel();
  const auto make = [&](Part part, const Tensor& init, const Constraint& constraint) {
    return param_store().entry(Name(prefix() + kParts[part]), init, constraint);
  };
  return {make(kLoc, loc, constraints::real),
          make(kScale, full({n}, static_cast<Real>(init_scale_)), constraints::positive),
          make(kLower, zeros({n, n}), constraints::real)};
}

bool AutoMultivariateNormalState::is_joint_param(const std::string& param) const {
  for (const char* part : kParts) {
    if (param == prefix() + part) return true;
  }
  return false;
}

Tensor AutoMultivariateNormalState::value_of(std::size_t k) {
  return detail::value_of(joint_params()[k]);
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

Draw AutoMultivariateNormalState::posterior(const Message& site, JointDraw& joint) {
  const auto [begin, end] = range_of(site.name);
  const Latent& latent = *find_latent(site.name);
  const Tensor loc = value_of(kLoc);
  const Shape& own = latent.init.shape();
  const auto events = static_cast<Index>(latent.event_dim + latent.reinterpreted);
  const Shape outer = around(site, latent.init.dim() - events);
  const Shape shape = concatenate(outer, own);
  if (!joint.noise.defined()) {
    // one row a repetition, where there are any
    const Shape rows = outer.rank() == 0 ? Shape{} : Shape{outer.numel()};
    joint.noise =
        detail::standard_normal(detail::next_key(Name(prefix())), concatenate(rows, loc.shape()));
    joint.met.assign(static_cast<std::size_t>(loc.numel()), 0);
  }
  const Mask mask = site.distribution.own_mask() & detail::outer_mask(site);
  const Mask full = visible_part(mask.unsqueeze_right(latent.event_dim), shape);
  const Mask visible = any_to_shape(full, ones_before(own, outer.rank()));
  if (!(visible.broadcast_to(shape) == full)) {
    fail("mask", "hides other elements in some of the draws than in others", "leave .parallel out");
  }
  const std::vector<std::uint8_t> bytes = visible.to_bytes();
  std::copy(bytes.begin(), bytes.end(), joint.met.begin() + begin);

  const Tensor& noise = joint.noise;
  const Tensor lower = value_of(kLower).slice(0, begin, end);
  const Tensor scale = value_of(kScale).slice(0, begin, end);
  const Tensor kept = where(counted(joint.met, begin, end), lower, 0);
  const Tensor before = noise.dim() == 1 ? matmul(kept, noise) : matmul(noise, transpose(kept));
  const Tensor mean = loc.slice(0, begin, end) + scale * before;
  const Tensor u = mean + scale * noise.slice(-1, begin, end);
  return {normal_of(latent, latent.transform, mean.reshape(shape), scale.reshape(own)),
          detail::biject_to_support(latent.support)(u.reshape(shape))};
}

Tensor AutoMultivariateNormalState::loc() {
  check_params();
  return value_of(kLoc);
}

Tensor AutoMultivariateNormalState::scale_tril() {
  check_params();
  const Tensor lower = value_of(kLower);
  const Index n = lower.shape()[0];
  const std::vector<std::uint8_t> all(static_cast<std::size_t>(n), 1);
  return value_of(kScale).reshape({n, 1}) * (where(counted(all, 0, n), lower, 0) + eye(n));
}

Tensor AutoMultivariateNormalState::quantile_of(const Latent& latent, double p) {
  const auto [begin, end] = range_of(latent.name);
  const Tensor deviation = sqrt(sum(square(scale_tril().slice(0, begin, end)), -1));
  const Tensor u = loc().slice(0, begin, end) + deviation * normal_quantile(static_cast<Real>(p));
  return detail::biject_to_support(latent.support)(u.reshape(latent.init.shape()));
}

}  // namespace ember::inference
