// One operator instead of exp, a product and a sum: a guide's draw takes a third of the passes over
// memory, and of the nodes on the tape. Of few elements it keeps what it has added to loc, which is
// the derivative by the logarithm of the scale: many would have to be fetched from memory, which
// costs as much as computing them again.
#include <ember/core/location_scale.hpp>

#include <cmath>

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
  if (b.requires_grad && out->numel <= kKeptUpTo) {
    out->aux = Tape::current().allocate_reals(out->numel);
  }
  fill(*out, a, b, c);
  return Tensor(out);
}

void forward_location_scale(Node& n) { fill(n, *n.operands[0], *n.operands[1], *n.operands[2]); }

void backward_location_scale(Node& n) {
  Node& loc = *n.operands[0];
  Node& log_scale = *n.operands[1];
  Node& noise = *n.operands[2];
  const Real *g = n.adjoint, *logs = values(log_scale), *eps = values(noise);
  if (const auto* moves = static_cast<const Real*>(n.aux)) {
    contribute(n, log_scale, [=](Index i) { return g[i] * moves[i]; });
  } else {
    contribute(n, log_scale, [=](Index i) { return g[i] * scale_of(logs[i]) * eps[i]; });
  }
  contribute(n, noise, [=](Index i) { return g[i] * scale_of(logs[i]); });
  if (loc.requires_grad) hand_over(loc, n.adjoint, n.reach);  // last: it is the operand's then
}

}  // namespace ember::detail
