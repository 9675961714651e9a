// Element-wise operators of two operands: each is a function and its two partial derivatives.
// Broadcasting is done by strides; the gradient of what was repeated is summed.
#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember {
namespace detail {
namespace {

// Whether an operand has a number for each element of the result, or one for all of them: then
// there are no axes to walk.
bool stands_in_one_run(const Node& operand, const Node& out) {
  return operand.numel == out.numel || operand.numel == 1;
}
Index stride_of(const Node& operand) { return operand.numel == 1 ? 0 : 1; }

// The shape of the result of operands of different ones, in `room` where it is neither of these.
const Shape& shape_of_both(const Node& a, const Node& b, const char* symbol, Shape& room) {
  if (b.numel == 1 && b.shape.rank() <= a.shape.rank()) return a.shape;
  if (a.numel == 1 && a.shape.rank() <= b.shape.rank()) return b.shape;
  room = broadcast_shapes(a.shape, b.shape, symbol);
  return room;
}

template <class F>
void combine(Node& out, const Node& a, const Node& b, F f) {
  const Real* pa = values(a);
  const Real* pb = values(b);
  if (out.numel == 1) {
    *out.value = f(*pa, *pb);
    return;
  }
  if (stands_in_one_run(a, out) && stands_in_one_run(b, out)) {
    Real* to = out.value;
    with_strides(stride_of(a), stride_of(b), [&](auto sa, auto sb) {
#pragma omp simd
      for (Index i = 0; i < out.numel; ++i) to[i] = f(pa[i * sa], pb[i * sb]);
    });
    return;
  }
  const BroadcastPlan<2> plan(out.shape, {&a.shape, &b.shape});
  with_strides(plan.strides[0][0], plan.strides[1][0], [&](auto sa, auto sb) {
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      Real* to = out.value + position;
      const Real* from_a = pa + offsets[0];
      const Real* from_b = pb + offsets[1];
#pragma omp simd
      for (Index i = 0; i < n; ++i) to[i] = f(from_a[i * sa], from_b[i * sb]);
    });
  });
}

struct PairOf {
  Op op;
  const char* symbol;
  const BlockOp* block = nullptr;  // where it can be done block by block
};

template <class F>
Tensor apply(const PairOf& pair, const Tensor& x, const Tensor& y, F f);

template <class F>
class OwedPair final : public Owed {
 public:
  OwedPair(const PairOf& pair, const Tensor& x, const Tensor& y, F f)
      : pair_(pair), operands_{x, y}, f_(f) {
    is_blockwise = pair.block != nullptr && allows_blocks(x) && allows_blocks(y);
  }
  void fill(Node& out) override { combine(out, operands_[0].node(), operands_[1].node(), f_); }
  Tensor take(const Node& self, const PlacesPtr& at, Index row) const override {
    if (row > 1 && self.shape.from_right(1) % row != 0) return {};
    const Tensor taken = apply(pair_, detail::take(operands_[0], self.shape, at, row),
                               detail::take(operands_[1], self.shape, at, row), f_);
    return row > 1 ? expand(taken, {at->count(), row}) : taken;
  }
  const BlockOp* block_op() const override { return pair_.block; }
  std::span<const Tensor> operands() const override { return operands_; }

 private:
  PairOf pair_;
  std::array<Tensor, 2> operands_;
  F f_;
};

// The general case. Apart, or what it keeps in registers would be saved for two numbers as well.
template <class F>
[[gnu::noinline]] Tensor apply_any(const PairOf& pair, const Tensor& x, const Tensor& y, F f) {
  Node& a = x.node();
  Node& b = y.node();
  Shape room;
  const Shape& shape = a.shape == b.shape ? a.shape : shape_of_both(a, b, pair.symbol, room);
  const Index n = shape.numel();
  const bool by_blocks = pair.block != nullptr;
  const bool x_waits = waits_for(x, n, by_blocks), y_waits = waits_for(y, n, by_blocks);
  if (x_waits || y_waits || (by_blocks && is_worth_fusing(n))) {
    return wait(pair.op, shape, {&a, &b}, std::make_unique<OwedPair<F>>(pair, x, y, f));
  }
  Node* out = new_result(pair.op, shape, a, b);
  combine(*out, a, b, f);
  return Tensor(out);
}

template <class F>
Tensor apply(const PairOf& pair, const Tensor& x, const Tensor& y, F f) {
  Node& a = x.node();
  Node& b = y.node();
  if (a.shape.rank() == 0 && b.shape.rank() == 0) {
    Node* out = new_result(pair.op, a.shape, a, b);
    out->scalar = f(*values(a), *values(b));
    return Tensor(out);
  }
  // Two short vectors of which neither waits: most of what else is asked is known.
  if (a.shape.rank() == 1 && b.shape.rank() == 1 && a.numel == b.numel && a.owed == nullptr &&
      b.owed == nullptr && !is_worth_fusing(a.numel)) {
    Node* out = new_result(pair.op, a.shape, a, b);
    const Real *from_a = a.value, *from_b = b.value;
    Real* to = out->value;
#pragma omp simd
    for (Index i = 0; i < out->numel; ++i) to[i] = f(from_a[i], from_b[i]);
    return Tensor(out);
  }
  return apply_any(pair, x, y, f);
}

// Who is the last to be pulled back to may write over the node's adjoint.
enum class Turn : std::uint8_t { first, last };

// Adds f(adjoint, a, b) to operand number K of a result that is no single number.
template <std::size_t K, class F>
void pull_back(Node& node, F f, Turn turn = Turn::first) {
  Node& operand = *node.operands[K];
  if (!operand.requires_grad) return;
  const Node& a = *node.operands[0];
  const Node& b = *node.operands[1];
  const Real* pa = values(a);
  const Real* pb = values(b);
  const Real* g = node.adjoint;
  const auto contribute_each = [&](auto of_element) {
    const Sink sink =
        turn == Turn::last ? open_over(node, operand) : open_adjoint(operand, node.reach);
    contribute_to(sink, node.numel, node.reach, of_element);
  };
  if (a.numel == node.numel && b.numel == node.numel) {
    return contribute_each([=](Index i) { return f(g[i], pa[i], pb[i]); });
  }
  const bool is_one_run = stands_in_one_run(a, node) && stands_in_one_run(b, node);
  if (is_one_run && operand.numel == node.numel) {
    with_strides(stride_of(a), stride_of(b), [&](auto sa, auto sb) {
      contribute_each([=](Index i) { return f(g[i], pa[i * sa], pb[i * sb]); });
    });
    return;
  }
  if (is_one_run && node.reach == nullptr) {  // the operand is a single number
    Real total = 0;
    with_strides(stride_of(a), stride_of(b), [&](auto sa, auto sb) {
#pragma omp simd reduction(+ : total)
      for (Index i = 0; i < node.numel; ++i) total += f(g[i], pa[i * sa], pb[i * sb]);
    });
    const Sink sink = open_adjoint(operand, nullptr);
    *sink.data = sink.add ? *sink.data + total : total;
    return;
  }
  const BroadcastPlan<2> plan(node.shape, {&a.shape, &b.shape});
  const MaskBytes* reach = nullptr;
  if (node.reach != nullptr) reach = as_reach(any_to_shape(reach_of(node), operand.shape));
  Real* out = open_sum(operand, reach);
  const std::uint8_t* reached = node.reach != nullptr ? node.reach->data() : nullptr;
  with_strides(plan.strides[0][0], plan.strides[1][0], [&](auto sa, auto sb) {
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      const Real* adjoint = g + position;
      const Real* from_a = pa + offsets[0];
      const Real* from_b = pb + offsets[1];
      Real* to = out + offsets[K];
      const auto stride = [&] {
        if constexpr (K == 0) {
          return sa;
        } else {
          return sb;
        }
      }();
      if (stride == 0) {
        Real total = 0;
        if (reached == nullptr) {
#pragma omp simd reduction(+ : total)
          for (Index i = 0; i < n; ++i) total += f(adjoint[i], from_a[i * sa], from_b[i * sb]);
        } else {
          const std::uint8_t* here = reached + position;
#pragma omp simd reduction(+ : total)
          for (Index i = 0; i < n; ++i) {
            total += kept_or_zero(here[i], f(adjoint[i], from_a[i * sa], from_b[i * sb]));
          }
        }
        *to += total;
      } else if (reached == nullptr) {
#pragma omp simd
        for (Index i = 0; i < n; ++i)
          to[i * stride] += f(adjoint[i], from_a[i * sa], from_b[i * sb]);
      } else {
        const std::uint8_t* here = reached + position;
#pragma omp simd
        for (Index i = 0; i < n; ++i) {
          const Real old = to[i * stride];
          to[i * stride] =
              kept_or(here[i], old + f(adjoint[i], from_a[i * sa], from_b[i * sb]), old);
        }
      }
    });
  });
}

constexpr auto kSame = [](Real g, Real, Real) { return g; };
constexpr auto kNegated = [](Real g, Real, Real) { return -g; };

// Whether operands and result are single numbers: then their contributions are made, by the
// functions that pull_back takes.
template <class ByFirst, class BySecond>
bool pull_back_numbers(Node& node, ByFirst by_first, BySecond by_second) {
  if (node.numel != 1) return false;
  Node& a = *node.operands[0];
  Node& b = *node.operands[1];
  const Real g = *node.adjoint, x = *values(a), y = *values(b);
  if (a.requires_grad) contribute_number(a, by_first(g, x, y));
  if (b.requires_grad) contribute_number(b, by_second(g, x, y));
  return true;
}

// Whether operand number 0 comes before the other: last comes who can take the adjoint over.
bool first_comes_first(const Node& node) {
  return node.operands[1]->requires_grad && !node.operands[1]->has_adjoint;
}

// Whether both operands are as large as the result and all of their adjoints is reached: then their
// contributions are made. What pull_back asks of operands costs as much as ten elements.
template <class ByFirst, class BySecond>
[[gnu::noinline]] bool pull_back_alike(Node& node, ByFirst by_first, BySecond by_second) {
  Node& a = *node.operands[0];
  Node& b = *node.operands[1];
  const auto is_alike = [&](const Node& operand) {
    return operand.numel == node.numel && (!operand.has_adjoint || operand.reach == nullptr);
  };
  if (node.reach != nullptr || !is_alike(a) || !is_alike(b)) return false;
  const Real *g = node.adjoint, *x = values(a), *y = values(b);
  const auto pull = [&](Node& operand, Turn turn, auto by) {
    if (!operand.requires_grad) return;
    if (operand.has_adjoint) {
      Real* to = operand.adjoint;
#pragma omp simd
      for (Index i = 0; i < node.numel; ++i) to[i] += by(g[i], x[i], y[i]);
    } else {
      Real* to =
          (turn == Turn::last ? open_over(node, operand) : open_adjoint(operand, nullptr)).data;
#pragma omp simd
      for (Index i = 0; i < node.numel; ++i) to[i] = by(g[i], x[i], y[i]);
    }
  };
  if (first_comes_first(node)) {
    pull(a, Turn::first, by_first);
    pull(b, Turn::last, by_second);
  } else {
    pull(b, Turn::first, by_second);
    pull(a, Turn::last, by_first);
  }
  return true;
}

template <class ByFirst, class BySecond>
[[gnu::noinline]] void pull_back_any(Node& node, ByFirst by_first, BySecond by_second) {
  if (first_comes_first(node)) {
    pull_back<0>(node, by_first);
    pull_back<1>(node, by_second, Turn::last);
  } else {
    pull_back<1>(node, by_second);
    pull_back<0>(node, by_first, Turn::last);
  }
}
template <class ByFirst, class BySecond>
void pull_back_both(Node& node, ByFirst by_first, BySecond by_second) {
  if (pull_back_numbers(node, by_first, by_second)) return;
  if (pull_back_alike(node, by_first, by_second)) return;
  pull_back_any(node, by_first, by_second);
}

// For who passes adjoints on: few numbers are as soon written over themselves.
template <class ByFirst, class BySecond>
bool pull_back_few(Node& node, ByFirst by_first, BySecond by_second) {
  constexpr Index kFew = 64;
  return pull_back_numbers(node, by_first, by_second) ||
         (node.numel <= kFew && pull_back_alike(node, by_first, by_second));
}

// The adjoint itself goes to operand number K, which takes it over where it is as large. Comes
// last: the node's adjoint is the operand's then.
template <std::size_t K>
void pass_on(Node& node) {
  Node& operand = *node.operands[K];
  if (operand.requires_grad && operand.numel == node.numel) {
    hand_over(operand, node.adjoint, node.reach);
  } else {
    pull_back<K>(node, kSame);
  }
}

Real power(Real x, Real y) { return std::pow(x, y); }

// What the operators compute.
constexpr auto kSum = [](Real x, Real y) { return x + y; };
constexpr auto kDifference = [](Real x, Real y) { return x - y; };
constexpr auto kProduct = [](Real x, Real y) { return x * y; };
constexpr auto kQuotient = [](Real x, Real y) { return x / y; };
constexpr auto kPower = [](Real x, Real y) { return power(x, y); };
constexpr auto kLarger = [](Real x, Real y) { return x > y || x != x ? x : y; };
constexpr auto kSmaller = [](Real x, Real y) { return x < y || x != x ? x : y; };

constexpr auto kTimesSecond = [](Real g, Real, Real b) { return g * b; };
constexpr auto kTimesFirst = [](Real g, Real a, Real) { return g * a; };
constexpr auto kOverSecond = [](Real g, Real, Real b) { return g * (1 / b); };
constexpr auto kByDivisor = [](Real g, Real a, Real b) { return g * (-(a / b) / b); };

// What `mine` takes of an adjoint g that goes to the larger one: selected, not multiplied by 0.
Real share_of_larger(Real g, Real mine, Real other) {
  const Real tied = mine == other ? g / 2 : mine + other;  // NaN where one is NaN
  return mine > other ? g : mine < other ? Real{0} : tied;
}
constexpr auto kIfFirstIsLarger = [](Real g, Real a, Real b) { return share_of_larger(g, a, b); };
constexpr auto kIfSecondIsLarger = [](Real g, Real a, Real b) { return share_of_larger(g, b, a); };

// A node's values of its operands'.
template <class F>
void compute_binary(Node& out, F f) {
  combine(out, *out.operands[0], *out.operands[1], f);
}

}  // namespace

void forward_add(Node& n) { compute_binary(n, kSum); }
void forward_subtract(Node& n) { compute_binary(n, kDifference); }
void forward_multiply(Node& n) { compute_binary(n, kProduct); }
void forward_divide(Node& n) { compute_binary(n, kQuotient); }
void forward_pow(Node& n) { compute_binary(n, kPower); }
void forward_maximum(Node& n) { compute_binary(n, kLarger); }
void forward_minimum(Node& n) { compute_binary(n, kSmaller); }

void backward_add(Node& n) {
  if (pull_back_few(n, kSame, kSame)) return;
  if (first_comes_first(n)) {
    pull_back<0>(n, kSame);
    pass_on<1>(n);
  } else {
    pull_back<1>(n, kSame);
    pass_on<0>(n);
  }
}
void backward_subtract(Node& n) {
  if (pull_back_few(n, kSame, kNegated)) return;
  pull_back<1>(n, kNegated);
  pass_on<0>(n);
}
void backward_multiply(Node& n) { pull_back_both(n, kTimesSecond, kTimesFirst); }
void backward_divide(Node& n) { pull_back_both(n, kOverSecond, kByDivisor); }
void backward_pow(Node& n) {
  pull_back_both(
      n, [](Real g, Real a, Real b) { return b == 0 ? Real{0} : g * (b * power(a, b - 1)); },
      [](Real g, Real a, Real b) { return a == 0 ? Real{0} : g * (power(a, b) * std::log(a)); });
}
void backward_maximum(Node& n) { pull_back_both(n, kIfFirstIsLarger, kIfSecondIsLarger); }
void backward_minimum(Node& n) { pull_back_both(n, kIfSecondIsLarger, kIfFirstIsLarger); }

}  // namespace detail

namespace {

using detail::apply;
using detail::Op;
using detail::PassesOn;

// A constant of its operator, or it would be put together at each call.
template <class F, class ByFirst, class BySecond>
consteval detail::PairOf blockwise(Op op, const char* symbol, F, ByFirst, BySecond) {
  return {op, symbol, &detail::BlockPair<F, ByFirst, BySecond>::kOp};
}

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) {
  static constexpr auto kPair = blockwise(Op::add, "+", detail::kSum, PassesOn(), PassesOn());
  return apply(kPair, a, b, detail::kSum);
}
Tensor operator-(const Tensor& a, const Tensor& b) {
  static constexpr auto kPair =
      blockwise(Op::subtract, "-", detail::kDifference, PassesOn(), detail::kNegated);
  return apply(kPair, a, b, detail::kDifference);
}
Tensor operator*(const Tensor& a, const Tensor& b) {
  static constexpr auto kPair =
      blockwise(Op::multiply, "*", detail::kProduct, detail::kTimesSecond, detail::kTimesFirst);
  return apply(kPair, a, b, detail::kProduct);
}
Tensor operator/(const Tensor& a, const Tensor& b) {
  static constexpr auto kPair =
      blockwise(Op::divide, "/", detail::kQuotient, detail::kOverSecond, detail::kByDivisor);
  return apply(kPair, a, b, detail::kQuotient);
}
Tensor pow(const Tensor& x, const Tensor& y) {
  // what is most often asked for costs a fortieth
  if (y.dim() == 0 && !y.node().requires_grad && y.item() == 2) {
    return detail::with_sources(square(x), detail::sources_of(y));
  }
  return apply({Op::pow, "pow"}, x, y, detail::kPower);
}

Tensor maximum(const Tensor& x, const Tensor& y) {
  return apply({Op::maximum, "maximum"}, x, y, detail::kLarger);
}
Tensor minimum(const Tensor& x, const Tensor& y) {
  return apply({Op::minimum, "minimum"}, x, y, detail::kSmaller);
}

}  // namespace ember
