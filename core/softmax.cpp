// logsumexp, softmax and log_softmax. A row that has a reached output reaches all of its inputs;
// what is not reached of its outputs counts 0.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/reduced.hpp>
#include <ember/core/special.hpp>

namespace ember {
namespace detail {
namespace {

struct Rows {
  Index outer, size, inner;
};

Rows rows_of(const Shape& shape, std::size_t axis) {
  return {shape.first(axis).numel(), shape[axis], shape.after(axis + 1).numel()};
}

constexpr Index kSoftmaxLanes = 16;
// From so many numbers on a row is long enough for vectors by itself.
constexpr Index kLong = 32;

// The place that exponentials are counted from: the largest number, or the finite one next to it;
// 0 in a row of -infinities.
EMBER_INLINE double shift_of(double largest) {
  const double finite =
      special::select(largest == special::kInfinity, std::numeric_limits<double>::max(), largest);
  return special::select(largest == -special::kInfinity, 0.0, finite);
}
// What the weights of a row of -infinities are: NaN as values; 0 as derivatives, as nothing moves
// it.
enum class Nothing : std::uint8_t { nan, zero };
EMBER_INLINE double inverse_of(double total, Nothing nothing) {
  return special::select((total == 0) & (nothing == Nothing::zero), 0.0, 1 / total);
}

// log(sum(exp(x))) of a row of neighbours; -infinity of none. Where `weights` is not null, it gets
// exp(x) over their sum.
Real of_row(const Real* x, Index size, Real* weights, Nothing nothing) {
  double largest = -special::kInfinity;
#pragma omp simd reduction(max : largest)
  for (Index c = 0; c < size; ++c) largest = x[c] > largest ? double{x[c]} : largest;
  const double shift = shift_of(largest);
  double total = 0;
  if (weights == nullptr) {
#pragma omp simd reduction(+ : total)
    for (Index c = 0; c < size; ++c) total += special::exp(x[c] - shift);
  } else {
#pragma omp simd reduction(+ : total)
    for (Index c = 0; c < size; ++c) {
      const double e = special::exp(x[c] - shift);
      weights[c] = static_cast<Real>(e);
      total += e;
    }
    const double inverse = inverse_of(total, nothing);
#pragma omp simd
    for (Index c = 0; c < size; ++c) weights[c] = static_cast<Real>(weights[c] * inverse);
  }
  return static_cast<Real>(shift + special::log(total));
}

// The same of n <= kSoftmaxLanes rows side by side: number c of row i is x[c * step + i].
void of_lanes(Index n, Index size, Index step, const Real* x, Real* out, Real* weights,
              Nothing nothing) {
  double shift[kSoftmaxLanes], total[kSoftmaxLanes];
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    shift[i] = -special::kInfinity;
    total[i] = 0;
  }
  for (Index c = 0; c < size; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double v = x[c * step + i];
      shift[i] = v > shift[i] ? v : shift[i];
    }
  }
#pragma omp simd
  for (Index i = 0; i < n; ++i) shift[i] = shift_of(shift[i]);
  for (Index c = 0; c < size; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double e = special::exp(x[c * step + i] - shift[i]);
      total[i] += e;
      if (weights != nullptr) weights[c * step + i] = static_cast<Real>(e);
    }
  }
#pragma omp simd
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Real>(shift[i] + special::log(total[i]));
  if (weights == nullptr) return;
#pragma omp simd
  for (Index i = 0; i < n; ++i) total[i] = inverse_of(total[i], nothing);
  for (Index c = 0; c < size; ++c) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      weights[c * step + i] = static_cast<Real>(weights[c * step + i] * total[i]);
    }
  }
}

// log(sum(exp(x))) of each row, and its weights, laid out as x, where these are not null.
void log_sum_exp(const Rows& rows, const Real* x, Real* out, Real* weights, Nothing nothing) {
  const Index count = rows.outer * rows.inner;
  if (rows.inner == 1 && rows.size >= kLong) {
    for (Index r = 0; r < count; ++r) {
      Real* own = weights != nullptr ? weights + r * rows.size : nullptr;
      out[r] = of_row(x + r * rows.size, rows.size, own, nothing);
    }
  } else if (rows.inner == 1) {
    // short rows are turned, so that many are done at once
    std::array<Real, kLong * kSoftmaxLanes> turned, turned_weights;
    for (Index begin = 0; begin < count; begin += kSoftmaxLanes) {
      const Index n = std::min(kSoftmaxLanes, count - begin);
      const Real* from = x + begin * rows.size;
      for (Index i = 0; i < n; ++i) {
        for (Index c = 0; c < rows.size; ++c) turned.data()[c * n + i] = from[i * rows.size + c];
      }
      of_lanes(n, rows.size, n, turned.data(), out + begin,
               weights != nullptr ? turned_weights.data() : nullptr, nothing);
      if (weights == nullptr) continue;
      Real* to = weights + begin * rows.size;
      for (Index i = 0; i < n; ++i) {
        for (Index c = 0; c < rows.size; ++c) {
          to[i * rows.size + c] = turned_weights.data()[c * n + i];
        }
      }
    }
  } else {
    for (Index o = 0; o < rows.outer; ++o) {
      for (Index i = 0; i < rows.inner; i += kSoftmaxLanes) {
        const Index at = o * rows.size * rows.inner + i;
        of_lanes(std::min(kSoftmaxLanes, rows.inner - i), rows.size, rows.inner, x + at,
                 out + o * rows.inner + i, weights != nullptr ? weights + at : nullptr, nothing);
      }
    }
  }
}

// Calls row(offset) for every row of the node that has a reached element, and opens the operand's
// adjoint on these rows.
template <class F>
void pull_back_rows(Node& n, F f) {
  Node& in = *n.operands[0];
  const Rows rows{n.ints[0], n.ints[1], n.ints[2]};
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) {
    const Shape shape{rows.outer, rows.size, rows.inner};
    const Shape kept{rows.outer, 1, rows.inner};
    reach = as_reach(any_to_shape(reach_of(n).reshape(shape), kept).broadcast_to(shape));
  }
  Real* out = open_sum(in, reach);
  for (Index o = 0; o < rows.outer; ++o) {
    for (Index i = 0; i < rows.inner; ++i) {
      const Index offset = o * rows.size * rows.inner + i;
      if (rows.size > 0 && (reach == nullptr || (*reach)[offset])) f(offset, rows, out);
    }
  }
}

bool is_reached(const Node& n, Index i) { return n.reach == nullptr || (*n.reach)[i]; }

Real adjoint_at(const Node& n, Index i) { return is_reached(n, i) ? n.adjoint[i] : Real{0}; }

// Opens a result of the shape of x, with its rows as attributes.
Node* open_rows(Op op, Node& in, Index axis) {
  const std::size_t a = normalize_axis(axis, in.shape, name_of(op));
  Node* out = new_result(op, in.shape, {&in});
  const Rows rows = rows_of(in.shape, a);
  out->ints = {rows.outer, rows.size, rows.inner, 0};
  return out;
}

// Room for a weight for each number of x, where somebody will ask for the gradient.
Real* weights_for(const Node& out, Index numel) {
  return out.requires_grad ? Tape::current().allocate_reals(numel) : nullptr;
}

void fill_logsumexp(Node& out, const Node& in) {
  log_sum_exp(rows_of(in.shape, static_cast<std::size_t>(out.ints[0])), values(in), out.value,
              static_cast<Real*>(out.aux), Nothing::zero);
}

void fill_softmax(Node& out, const Node& in) {
  const Rows rows{out.ints[0], out.ints[1], out.ints[2]};
  PooledVector<Real> totals(static_cast<std::size_t>(rows.outer * rows.inner));
  log_sum_exp(rows, values(in), totals.data(), out.value, Nothing::nan);
}

void fill_log_softmax(Node& out, const Node& in) {
  const Rows rows{out.ints[0], out.ints[1], out.ints[2]};
  PooledVector<Real> totals(static_cast<std::size_t>(rows.outer * rows.inner));
  const Real* from = values(in);
  log_sum_exp(rows, from, totals.data(), static_cast<Real*>(out.aux), Nothing::nan);
  for (Index o = 0; o < rows.outer; ++o) {
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = (o * rows.size + c) * rows.inner;
      const Real* total = totals.data() + o * rows.inner;
#pragma omp simd
      for (Index i = 0; i < rows.inner; ++i) out.value[at + i] = from[at + i] - total[i];
    }
  }
}

}  // namespace

void forward_logsumexp(Node& n) { fill_logsumexp(n, *n.operands[0]); }
void forward_softmax(Node& n) { fill_softmax(n, *n.operands[0]); }
void forward_log_softmax(Node& n) { fill_log_softmax(n, *n.operands[0]); }

void backward_logsumexp(Node& n) {
  Node& in = *n.operands[0];
  const Shape kept = in.shape.with(static_cast<std::size_t>(n.ints[0]), 1);
  const Rows rows = rows_of(in.shape, static_cast<std::size_t>(n.ints[0]));
  const MaskBytes* reach = nullptr;
  if (n.reach != nullptr) reach = as_reach(reach_of(n).reshape(kept).broadcast_to(in.shape));
  Real* out = open_sum(in, reach);
  const auto* weights = static_cast<const Real*>(n.aux);
  for_reached(n.numel, n.reach, [&](Index r) {
    const Index offset = r / rows.inner * rows.size * rows.inner + r % rows.inner;
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      out[at] += n.adjoint[r] * weights[at];
    }
  });
}

void backward_softmax(Node& n) {
  const Real* p = values(n);
  pull_back_rows(n, [&](Index offset, const Rows& rows, Real* out) {
    Real mean = 0;
    if (n.reach == nullptr && rows.inner == 1) {
      const Real *g = n.adjoint + offset, *shares = p + offset;
      Real* to = out + offset;
#pragma omp simd reduction(+ : mean)
      for (Index c = 0; c < rows.size; ++c) mean += g[c] * shares[c];
#pragma omp simd
      for (Index c = 0; c < rows.size; ++c) to[c] += shares[c] * (g[c] - mean);
      return;
    }
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      if (is_reached(n, at)) mean += n.adjoint[at] * p[at];
    }
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      out[at] += p[at] * (adjoint_at(n, at) - mean);
    }
  });
}

void backward_log_softmax(Node& n) {
  const auto* weights = static_cast<const Real*>(n.aux);
  pull_back_rows(n, [&](Index offset, const Rows& rows, Real* out) {
    Real total = 0;
    if (n.reach == nullptr && rows.inner == 1) {
      const Real *g = n.adjoint + offset, *shares = weights + offset;
      Real* to = out + offset;
#pragma omp simd reduction(+ : total)
      for (Index c = 0; c < rows.size; ++c) total += g[c];
#pragma omp simd
      for (Index c = 0; c < rows.size; ++c) to[c] += g[c] - total * shares[c];
      return;
    }
    for (Index c = 0; c < rows.size; ++c) total += adjoint_at(n, offset + c * rows.inner);
    for (Index c = 0; c < rows.size; ++c) {
      const Index at = offset + c * rows.inner;
      out[at] += adjoint_at(n, at) - total * weights[at];
    }
  });
}

}  // namespace detail

using detail::Node;
using detail::Op;

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
  if (!axes.list()) {
    const Tensor flat = logsumexp(reshape(x, {x.numel()}), 0);
    return reshape(flat, detail::result_shape(x.shape(), axes, "logsumexp", keepdim));
  }
  if (axes.list()->size() != 1) {
    // one axis after the other, each kept, so that the numbers of the others stay right
    const Shape shape = detail::result_shape(x.shape(), axes, "logsumexp", keepdim);
    Tensor result = x;
    for (Index axis : *axes.list()) result = logsumexp(result, axis, true);
    return reshape(result, shape);
  }
  Node& in = x.node();
  const std::size_t a = normalize_axis((*axes.list())[0], in.shape, "logsumexp");
  Node* out =
      detail::new_result(Op::logsumexp, keepdim ? in.shape.with(a, 1) : in.shape.without(a), {&in});
  Tensor result(out);
  out->ints[0] = static_cast<Index>(a);
  out->aux = detail::weights_for(*out, in.numel);
  detail::fill_logsumexp(*out, in);
  return result;
}

Tensor softmax(const Tensor& x, Index axis) {
  Node* out = detail::open_rows(Op::softmax, x.node(), axis);
  Tensor result(out);
  detail::fill_softmax(*out, x.node());
  return result;
}

Tensor log_softmax(const Tensor& x, Index axis) {
  Node* out = detail::open_rows(Op::log_softmax, x.node(), axis);
  Tensor result(out);
  out->aux = detail::weights_for(*out, out->numel);
  detail::fill_log_softmax(*out, x.node());
  return result;
}

}  // namespace ember
