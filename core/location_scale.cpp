// One operator instead of exp, a product and a sum, and one for the log density: a guide's draw
// takes a third of the passes over memory, and of the nodes on the tape. Of few elements it keeps
// what it has added to loc, which is the derivative by the logarithm of the scale: many would have
// to be fetched from memory, which costs as much as computing them again.
#include <ember/core/location_scale.hpp>

#include <cmath>
#include <utility>

#include <ember/core/error.hpp>
#include <ember/core/op.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember::detail {
namespace {

constexpr Index kKeptUpTo = Index{1} << 15U;

EMBER_INLINE Real scale_of(Real log_scale) { return static_cast<Real>(special::exp(log_scale)); }
// One rounding or two, but the same in each loop: a draw is to the last bit what it is without
// gradients.
EMBER_INLINE Real moved(Real loc, Real scale, Real noise) {
#ifdef __FMA__
  return std::fma(scale, noise, loc);
#else
  return loc + scale * noise;
#endif
}

// Keeps the moves where there is room for them.
void fill(Node& out, const Node& loc, const Node& log_scale, const Node& noise) {
  const Real *from = values(loc), *logs = values(log_scale), *eps = values(noise);
  Real* to = out.value;
  if (out.numel == 1) {  // as most sites are: vectors would only be in the way
    const Real scale = scale_of(*logs);
    if (out.aux != nullptr) *static_cast<Real*>(out.aux) = scale * *eps;
    *to = moved(*from, scale, *eps);
  } else if (auto* moves = static_cast<Real*>(out.aux)) {
#pragma omp simd
    for (Index i = 0; i < out.numel; ++i) {
      const Real scale = scale_of(logs[i]);
      moves[i] = scale * eps[i];
      to[i] = moved(from[i], scale, eps[i]);
    }
  } else {
#pragma omp simd
    for (Index i = 0; i < out.numel; ++i) to[i] = moved(from[i], scale_of(logs[i]), eps[i]);
  }
}

}  // namespace

Tensor location_scale(const Tensor& loc, const Tensor& log_scale, const Tensor& noise) {
  Node& a = loc.node();
  Node& b = log_scale.node();
  Node& c = noise.node();
  if (!(a.shape == b.shape) || !(a.shape == c.shape)) {
    fail("location_scale",
         "shapes " + to_string(a.shape) + ", " + to_string(b.shape) + " and " + to_string(c.shape));
  }
  Node* out = new_result(Op::location_scale, a.shape, {&a, &b, &c});
  out->ints[0] = 0;  // 1: its density has taken its adjoint on
  if (b.requires_grad && out->numel <= kKeptUpTo) {
    out->aux = Tape::current().allocate_reals(out->numel);
  }
  fill(*out, a, b, c);
  return Tensor(out);
}

namespace {

// The sum over what a mask shows (null: all).
Real log_density(const Node& log_scale, const Node& noise, const MaskBytes* mask) {
  const Real *logs = values(log_scale), *eps = values(noise);
  const auto term = [=](Index i) { return eps[i] * eps[i] / 2 + logs[i]; };
  Index shown = log_scale.numel;
  Real sum = 0;
  if (mask != nullptr) {
    shown = mask->kept();
    sum = sum_of_kept(*mask, term);
  } else if (shown == 1) {
    sum = term(0);
  } else {
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < shown; ++i) sum += term(i);
  }
  return -(static_cast<Real>(shown) * Real(special::kHalfLogTwoPi) + sum);
}

// Whether the density has a value: a place, which has the draw as a third operand, begins without.
bool is_set(const Node& place) { return place.ints[0] != 0; }
void set_density(Node& density, const MaskBytes* mask) {
  density.ints[0] = 1;
  density.mask = mask;
  density.scalar = log_density(*density.operands[0], *density.operands[1], mask);
}

}  // namespace

GaussianDraw::GaussianDraw(const Tensor& loc, const Tensor& log_scale, const Tensor& noise)
    : log_scale_(log_scale), noise_(noise), value_(location_scale(loc, log_scale, noise)) {
  Node& drawn = value_.node();
  if (drawn.op != Op::location_scale || !log_scale.node().requires_grad) return;
  Node* place = new_result(Op::draw_density, Shape(), {&log_scale.node(), &noise.node(), &drawn});
  density_ = Tensor(place);
  place->ints[0] = 0;
  place->scalar = 0;
}

Tensor GaussianDraw::log_density(const Mask& visible) const {
  if (visible.is_none()) return Real{0};
  const MaskBytes* mask = visible.bytes().get();
  if (density_.defined() && density_.node().op == Op::draw_density) {
    Node& place = density_.node();
    Tape::current().check_usable(place, name_of(place.op));
    if (!is_set(place)) set_density(place, as_reach(visible));
    if (place.mask == mask) return density_;
  }
  Node* out = new_result(Op::draw_density, Shape(), {&log_scale_.node(), &noise_.node()});
  const Tensor result(out);
  if (out->op == Op::draw_density) {
    set_density(*out, as_reach(visible));
  } else {
    out->scalar = detail::log_density(log_scale_.node(), noise_.node(), mask);
  }
  return result;
}

void forward_location_scale(Node& n) { fill(n, *n.operands[0], *n.operands[1], *n.operands[2]); }
void forward_draw_density(Node& n) {
  n.scalar = log_density(*n.operands[0], *n.operands[1], n.mask);
}

namespace {

// Apart, or their registers would be saved for one number as well.
[[gnu::noinline]] void pull_back_all(Node& n, Real more) {
  Node& loc = *n.operands[0];
  Node& log_scale = *n.operands[1];
  Node& noise = *n.operands[2];
  const Real *g = n.adjoint, *logs = values(log_scale), *eps = values(noise);
  if (const auto* moves = static_cast<const Real*>(n.aux)) {
    contribute(n, log_scale, [=](Index i) { return g[i] * moves[i] + more; });
  } else {
    contribute(n, log_scale, [=](Index i) { return g[i] * scale_of(logs[i]) * eps[i] + more; });
  }
  contribute(n, noise, [=](Index i) { return g[i] * scale_of(logs[i]); });
  if (loc.requires_grad) hand_over(loc, n.adjoint, n.reach);  // last: it is the operand's then
}

[[gnu::noinline]] void pull_back_noise(Node& n, Real g) {
  Node& noise = *n.operands[1];
  contribute_on(noise, n.mask, [g, eps = values(noise)](Index i) { return g * eps[i]; });
}
[[gnu::noinline]] void pull_back_log_scale(Node& n, Real g) {
  contribute_on(*n.operands[0], n.mask, [g](Index) { return g; });
}

// Takes a draw's adjoint on, and adds `more` to that of log_scale where it reaches.
void pull_back_draw(Node& n, Real more) {
  Node& loc = *n.operands[0];
  const auto* move = static_cast<const Real*>(n.aux);
  if (n.numel != 1 || move == nullptr || n.operands[2]->requires_grad)
    return pull_back_all(n, more);
  contribute_number(*n.operands[1], *n.adjoint * *move + more);
  if (loc.requires_grad) contribute_number(loc, *n.adjoint);
}

}  // namespace

void backward_location_scale(Node& n) {
  if (std::exchange(n.ints[0], 0) == 0) pull_back_draw(n, 0);
}

void backward_draw_density(Node& n) {
  const Real g = -*n.adjoint;
  if (n.operands[1]->requires_grad) pull_back_noise(n, g);
  Node* draw = n.operand_count == 3 ? n.operands[2] : nullptr;
  if (draw != nullptr && draw->has_adjoint && draw->reach == n.mask) {
    pull_back_draw(*draw, g);
    draw->ints[0] = 1;
  } else {
    pull_back_log_scale(n, g);
  }
}

}  // namespace ember::detail
