// Which numbers a constraint allows.
#include <ember/distributions/constraint.hpp>

#include <bit>
#include <cmath>

#include <ember/core/broadcast.hpp>
#include <ember/core/mix.hpp>
#include <ember/core/node.hpp>
#include <ember/core/reads.hpp>
#include <ember/distributions/checks_again.hpp>
#include <ember/distributions/matrix_checks.hpp>

namespace ember {
namespace {

using Kind = Constraint::Kind;

bool is_whole(Real v) { return v == std::floor(v); }

// Calls f with what an element-wise kind asks of a number and its bounds; false for other kinds.
template <class F>
bool with_test(Kind kind, F f) {
  switch (kind) {
    case Kind::real:
      f([](Real v, Real, Real) { return v == v; });
      break;
    case Kind::positive:
      f([](Real v, Real, Real) { return v > 0; });
      break;
    case Kind::nonnegative:
      f([](Real v, Real, Real) { return v >= 0; });
      break;
    case Kind::unit_interval:
      f([](Real v, Real, Real) { return v >= 0 && v <= 1; });
      break;
    case Kind::greater_than:
      f([](Real v, Real lower, Real) { return v > lower; });
      break;
    case Kind::greater_than_eq:
      f([](Real v, Real lower, Real) { return v >= lower; });
      break;
    case Kind::less_than:
      f([](Real v, Real, Real upper) { return v < upper; });
      break;
    case Kind::interval:
      f([](Real v, Real lower, Real upper) { return v >= lower && v <= upper; });
      break;
    case Kind::half_open_interval:
      f([](Real v, Real lower, Real upper) { return v >= lower && v < upper; });
      break;
    case Kind::boolean:
      f([](Real v, Real, Real) { return v == 0 || v == 1; });
      break;
    case Kind::integer_interval:
      f([](Real v, Real lower, Real upper) { return v >= lower && v <= upper && is_whole(v); });
      break;
    case Kind::nonnegative_integer:
      f([](Real v, Real, Real) { return v >= 0 && is_whole(v); });
      break;
    case Kind::simplex:
    case Kind::lower_cholesky:
    case Kind::positive_definite:
    case Kind::any:
      return false;
  }
  return true;
}

// The bounds of a constraint, with a number for one that its kind has not, which no test reads.
const Tensor& bound_or_zero(const Constraint& constraint, bool has, const Tensor& bound) {
  static const Tensor zero = 0;
  if (!has) return zero;
  if (!bound.defined()) {
    fail("constraint", constraint.name() + " has no bound",
         "make it by constraints::" + constraint.name());
  }
  return bound;
}
const Tensor& lower_or_zero(const Constraint& c) {
  return bound_or_zero(c, c.has_lower(), c.lower());
}
const Tensor& upper_or_zero(const Constraint& c) {
  return bound_or_zero(c, c.has_upper(), c.upper());
}

bool is_on_simplex(const Real* row, Index n) {
  Real total = 0;
  bool inside = true;
  for (Index c = 0; c < n; ++c) {
    inside = inside && row[c] >= 0;
    total += row[c];
  }
  return inside && std::abs(total - 1) < Real(1e-6) * 10;
}

Mask on_simplex(const Tensor& x) {
  if (x.dim() == 0 || x.shape().from_right(1) == 0) return Mask(false);
  const Index n = x.shape().from_right(1);
  detail::Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(x.numel() / n));
  for (const Real *row = detail::values(x), *end = row + x.numel(); row != end; row += n) {
    bytes.push_back(is_on_simplex(row, n) ? 1 : 0);
  }
  return Mask::from_bytes(x.shape().first(x.shape().rank() - 1), std::move(bytes));
}

// The same of the rows that `visible` shows, whose shape is that of the rows, or it shows
// everything; otherwise of all of them.
bool all_on_simplex(const Tensor& x, const Mask& visible) {
  if (x.dim() == 0 || x.shape().from_right(1) == 0) return false;
  const Index n = x.shape().from_right(1);
  const detail::MaskBytes* mask = visible.bytes().get();
  if (mask == nullptr && visible.is_none()) return true;
  if (mask != nullptr && !(visible.shape() == x.shape().first(x.shape().rank() - 1)))
    mask = nullptr;
  const Real* values = detail::values(x);
  for (Index i = 0; i < x.numel() / n; ++i) {
    if ((mask == nullptr || (*mask)[i] != 0) && !is_on_simplex(values + i * n, n)) return false;
  }
  return true;
}

// x and its bounds, walked together over the shape that they broadcast to.
struct Walk {
  Tensor lower, upper;
  Shape shape;
  const Real *x, *from, *to;

  Walk(const Tensor& values, const Constraint& constraint)
      : lower(lower_or_zero(constraint)),
        upper(upper_or_zero(constraint)),
        shape(broadcast_shapes(values.shape(),
                               broadcast_shapes(lower.shape(), upper.shape(), "constraint"),
                               "constraint")),
        x(detail::values(values)),
        from(detail::values(lower)),
        to(detail::values(upper)) {}

  // Calls visit(position, allowed).
  template <class F, class V>
  void each(const Shape& of_x, F f, V visit) const {
    const detail::BroadcastPlan<3> plan(shape, {&of_x, &lower.shape(), &upper.shape()});
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      for (Index i = 0; i < n; ++i) {
        visit(position + i,
              f(x[offsets[0] + i * plan.strides[0][0]], from[offsets[1] + i * plan.strides[1][0]],
                to[offsets[2] + i * plan.strides[2][0]]));
      }
    });
  }
};

// Whether f holds for all numbers of x that `visible` shows. The mask's shape is that of x, perhaps
// without x's last axes, or it shows everything; otherwise the answer may be no although it is yes.
template <class F>
bool every_visible(const Tensor& x, const Mask& visible, F f) {
  const Real* values = detail::values(x);
  const Index n = x.numel();
  const detail::MaskBytes* mask = visible.bytes().get();
  if (mask == nullptr) {
    if (visible.is_none()) return true;
    if (n == 1) return f(values[0]);
    Real bad = 0;  // a count, without an early exit: the loop vectorises
#pragma omp simd reduction(+ : bad)
    for (Index i = 0; i < n; ++i) bad += f(values[i]) ? Real{0} : Real{1};
    return bad == 0;
  }
  const Shape& shape = visible.shape();
  std::size_t rank = shape.rank();
  const bool fits = rank <= x.shape().rank();
  while (rank > 0 && shape[rank - 1] == 1) --rank;
  const bool is_prefix = fits && shape.first(rank) == x.shape().first(rank);
  if (!is_prefix) return every_visible(x, Mask(true), f);
  const Index row = n / mask->size();
  if (row == 1 && !mask->is_sparse()) {
    const std::uint8_t* kept = mask->data();
    Real bad = 0;
#pragma omp simd reduction(+ : bad)
    for (Index i = 0; i < n; ++i) {
      bad += detail::kept_or_zero(kept[i], f(values[i]) ? Real{0} : Real{1});
    }
    return bad == 0;
  }
  bool all = true;
  for (Index i : mask->positions()) {
    for (Index c = 0; c < row; ++c) all &= f(values[i * row + c]);
  }
  return all;
}

// The same with bounds of several numbers, for masks of the shape that x and they broadcast to.
template <class F>
bool every_visible_within(const Walk& walk, const Shape& of_x, const Mask& visible, F f) {
  const detail::MaskBytes* mask = visible.bytes().get();
  if (visible.is_none()) return true;
  const bool looks = mask != nullptr && visible.shape() == walk.shape;
  bool all = true;
  walk.each(of_x, f, [&](Index i, bool allowed) { all &= allowed || (looks && (*mask)[i] == 0); });
  return all;
}

// The answer of find(), which looks at all visible numbers of x. Data never change: that theirs are
// allowed is found out once, and not at each step of a fit.
template <class F>
bool once(Kind kind, Real lower, Real upper, const Tensor& x, const Mask& visible, F find) {
  constexpr Index kWorthIt = 64;
  if (visible.is_none()) return true;  // and nothing is found out
  detail::Node& node = x.node();
  if (node.owner != detail::Owner::heap || node.numel < kWorthIt) return find();
  const auto bits = [](Real bound) {
    return static_cast<std::uint64_t>(std::bit_cast<detail::RealBits>(bound));
  };
  std::uint64_t key =
      detail::mix(detail::mix((static_cast<std::uint64_t>(kind) + 1) ^ bits(lower)) ^ bits(upper));
  key = detail::mix(key ^ (visible.bytes() ? visible.bytes()->id() : 0));
  for (const Index size : visible.shape())
    key = detail::mix(key ^ static_cast<std::uint64_t>(size));
  key |= 1U;
  if (node.known.load(std::memory_order_relaxed) == key) return true;
  if (!find()) return false;
  node.known.store(key, std::memory_order_relaxed);
  return true;
}

}  // namespace

Mask Constraint::check(const Tensor& x) const {
  detail::note_read(x.node());
  return allowed(x);
}

Mask Constraint::allowed(const Tensor& x) const {
  if (kind_ == Kind::simplex) return on_simplex(x);
  if (kind_ == Kind::lower_cholesky) return detail::lower_cholesky_members(x);
  if (kind_ == Kind::positive_definite) return detail::positive_definite_members(x);
  const Walk walk(x, *this);
  detail::Bytes bytes(static_cast<std::size_t>(walk.shape.numel()), 1);
  with_test(kind_, [&](auto test) {
    walk.each(x.shape(), test,
              [&](Index i, bool allowed) { bytes[static_cast<std::size_t>(i)] = allowed ? 1 : 0; });
  });
  return Mask::from_bytes(walk.shape, std::move(bytes));
}

bool Constraint::holds(Kind kind, const Tensor& x, const Mask& visible) {
  if (kind == Kind::any) return true;
  if (has_lower(kind) || has_upper(kind)) return false;
  bool result = kind == Kind::simplex && all_on_simplex(x, visible);
  if (x.numel() == 1 && visible.is_all()) {  // as most parameters are
    with_test(kind, [&, v = *detail::values(x)](auto test) { result = test(v, 0, 0); });
  } else {
    with_test(kind, [&](auto test) {
      const auto find = [&] {
        return every_visible(x, visible, [=](Real v) { return test(v, 0, 0); });
      };
      result = once(kind, 0, 0, x, visible, find);
    });
  }
  if (result) note_check(kind, x, visible);
  return result;
}

bool Constraint::holds(const Tensor& x, const Mask& visible) const {
  if (!has_lower() && !has_upper()) return holds(kind_, x, visible);
  bool result = false;
  const Tensor &lower = lower_or_zero(*this), &upper = upper_or_zero(*this);
  const bool is_single = lower.numel() == 1 && upper.numel() == 1;
  with_test(kind_, [&](auto test) {
    if (is_single) {
      const Real from = *detail::values(lower), to = *detail::values(upper);
      result = once(kind_, from, to, x, visible, [&] {
        return every_visible(x, visible, [=](Real v) { return test(v, from, to); });
      });
    } else {
      result = every_visible_within(Walk(x, *this), x.shape(), visible, test);
    }
  });
  if (result) note_check(*this, x, visible);
  return result;
}

}  // namespace ember
