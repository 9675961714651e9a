// Element-wise operators of one operand: each is a function and its derivative.
#include <algorithm>

#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember {
namespace detail {
namespace {

Real real(double x) { return static_cast<Real>(x); }

// `flatten`: a call that was left in the loop would keep it from vectorising.
template <class F>
[[gnu::flatten]] void map(Node& out, const Node& in, F f) {
  const Real* from = values(in);
  Real* to = out.value;
  if (in.numel == 1) {
    *to = f(*from);
  } else {
#pragma omp simd
    for (Index i = 0; i < in.numel; ++i) to[i] = f(from[i]);
  }
}

template <class F>
Tensor apply(Op op, const Tensor& x, F f, const BlockOp* block = nullptr);

template <class F>
class OwedMap final : public Owed {
 public:
  OwedMap(Op op, const Tensor& x, F f, const BlockOp* block)
      : op_(op), x_(x), f_(f), block_(block) {
    is_blockwise = block != nullptr && allows_blocks(x);
  }
  void fill(Node& out) override { map(out, x_.node(), f_); }
  Tensor take(const Node& self, const PlacesPtr& at, Index row) const override {
    Tensor taken = apply(op_, detail::take(x_, x_.shape(), at, row), f_, block_);
    taken.node().reals = self.reals;
    return taken;
  }
  const BlockOp* block_op() const override { return block_; }
  std::span<const Tensor> operands() const override { return {&x_, 1}; }

 private:
  Op op_;
  Tensor x_;
  F f_;
  const BlockOp* block_;  // where it can be done block by block
};

template <class F>
Tensor apply(Op op, const Tensor& x, F f, const BlockOp* block) {
  Node& in = x.node();
  if (in.shape.rank() == 0) {
    Node* out = new_result(op, in.shape, in);
    out->scalar = f(*values(in));
    return Tensor(out);
  }
  const bool by_blocks = block != nullptr;
  if (waits_for(x, in.numel, by_blocks) || (by_blocks && is_worth_fusing(in.numel))) {
    return wait(op, in.shape, {&in}, std::make_unique<OwedMap<F>>(op, x, f, block));
  }
  Node* out = new_result(op, in.shape, in);
  map(*out, in, f);
  return Tensor(out);
}

// A constant: f has no derivative that is of use.
template <class F>
Tensor constant(const Tensor& x, F f) {
  const std::span<const Real> from = x.data();
  Node* out = new_constant(x.shape(), sources_of(x));
  std::transform(from.begin(), from.end(), out->value, f);
  return Tensor(out);
}

// The derivative f(x, y) at operand x with result y, times the adjoint.
template <class F>
[[gnu::flatten]] void pull_back(Node& node, F f) {
  Node& in = *node.operands[0];
  const Real* x = values(in);
  const Real* y = values(node);
  const Real* g = node.adjoint;
  contribute_last(node, in, [=](Index i) { return g[i] * f(x[i], y[i]); });
}

// What the operators compute.
constexpr auto kNegative = [](Real x) { return -x; };
constexpr auto kExp = [](Real v) { return real(special::exp(v)); };
constexpr auto kLog = [](Real v) { return real(special::log(v)); };
constexpr auto kLog1p = [](Real v) { return real(special::log1p(v)); };
constexpr auto kExpm1 = [](Real v) { return real(special::expm1(v)); };
constexpr auto kSqrt = [](Real v) { return std::sqrt(v); };
constexpr auto kSquare = [](Real v) { return v * v; };
constexpr auto kTanh = [](Real v) { return real(special::tanh(v)); };
constexpr auto kSin = [](Real v) { return std::sin(v); };
constexpr auto kCos = [](Real v) { return std::cos(v); };
constexpr auto kTan = [](Real v) { return std::tan(v); };
constexpr auto kAtan = [](Real v) { return std::atan(v); };
constexpr auto kSigmoid = [](Real v) { return real(special::sigmoid(v)); };
constexpr auto kLogit = [](Real v) { return real(special::log(v) - special::log1p(-v)); };
constexpr auto kSoftplus = [](Real v) { return real(special::softplus(v)); };
constexpr auto kAbs = [](Real v) { return std::abs(v); };
constexpr auto kRelu = [](Real v) { return v <= 0 ? Real{0} : v; };
constexpr auto kErf = [](Real v) { return std::erf(v); };
constexpr auto kLgamma = [](Real v) { return real(special::lgamma(v)); };
constexpr auto kDigamma = [](Real v) { return real(special::digamma(v)); };
constexpr auto kNormalCdf = [](Real v) { return real(special::normal_cdf(v)); };
constexpr auto kNormalQuantile = [](Real v) { return real(special::normal_quantile(v)); };
auto within(Real low, Real high) {
  return [=](Real v) { return v < low ? low : v > high ? high : v; };
}

// The slopes of what can be done block by block.
constexpr auto kMinusOne = [](Real, Real) { return Real{-1}; };
constexpr auto kResult = [](Real, Real y) { return y; };
constexpr auto kInverse = [](Real x, Real) { return 1 / x; };
constexpr auto kInverseOfOneMore = [](Real x, Real) { return 1 / (1 + x); };
constexpr auto kHalfOverResult = [](Real, Real y) { return Real(0.5) / y; };
constexpr auto kTwice = [](Real x, Real) { return 2 * x; };
constexpr auto kTanhSlope = [](Real, Real y) { return (1 - y) * (1 + y); };
constexpr auto kSigmoidSlope = [](Real x, Real y) { return y * real(special::sigmoid(-x)); };
constexpr auto kSoftplusSlope = [](Real x, Real) { return real(special::sigmoid(x)); };

// A node's values of its operand's.
template <class F>
void compute_unary(Node& out, F f) {
  map(out, *out.operands[0], f);
}

}  // namespace

void forward_negate(Node& n) { compute_unary(n, kNegative); }
void forward_exp(Node& n) { compute_unary(n, kExp); }
void forward_log(Node& n) { compute_unary(n, kLog); }
void forward_log1p(Node& n) { compute_unary(n, kLog1p); }
void forward_expm1(Node& n) { compute_unary(n, kExpm1); }
void forward_sqrt(Node& n) { compute_unary(n, kSqrt); }
void forward_square(Node& n) { compute_unary(n, kSquare); }
void forward_tanh(Node& n) { compute_unary(n, kTanh); }
void forward_sin(Node& n) { compute_unary(n, kSin); }
void forward_cos(Node& n) { compute_unary(n, kCos); }
void forward_tan(Node& n) { compute_unary(n, kTan); }
void forward_atan(Node& n) { compute_unary(n, kAtan); }
void forward_sigmoid(Node& n) { compute_unary(n, kSigmoid); }
void forward_logit(Node& n) { compute_unary(n, kLogit); }
void forward_softplus(Node& n) { compute_unary(n, kSoftplus); }
void forward_abs(Node& n) { compute_unary(n, kAbs); }
void forward_relu(Node& n) { compute_unary(n, kRelu); }
void forward_erf(Node& n) { compute_unary(n, kErf); }
void forward_lgamma(Node& n) { compute_unary(n, kLgamma); }
void forward_digamma(Node& n) { compute_unary(n, kDigamma); }
void forward_normal_cdf(Node& n) { compute_unary(n, kNormalCdf); }
void forward_normal_quantile(Node& n) { compute_unary(n, kNormalQuantile); }
void forward_clamp(Node& n) { compute_unary(n, within(n.reals[0], n.reals[1])); }

void backward_negate(Node& n) { pull_back(n, kMinusOne); }
void backward_exp(Node& n) { pull_back(n, kResult); }
void backward_log(Node& n) { pull_back(n, kInverse); }
void backward_log1p(Node& n) { pull_back(n, kInverseOfOneMore); }
void backward_expm1(Node& n) {
  pull_back(n, [](Real x, Real) { return real(special::exp(x)); });
}
void backward_sqrt(Node& n) { pull_back(n, kHalfOverResult); }
void backward_square(Node& n) { pull_back(n, kTwice); }
void backward_tanh(Node& n) { pull_back(n, kTanhSlope); }
void backward_sin(Node& n) {
  pull_back(n, [](Real x, Real) { return std::cos(x); });
}
void backward_cos(Node& n) {
  pull_back(n, [](Real x, Real) { return -std::sin(x); });
}
void backward_tan(Node& n) {
  pull_back(n, [](Real, Real y) { return 1 + y * y; });
}
void backward_atan(Node& n) {
  pull_back(n, [](Real x, Real) { return 1 / (1 + x * x); });
}
void backward_sigmoid(Node& n) { pull_back(n, kSigmoidSlope); }
void backward_logit(Node& n) {
  pull_back(n, [](Real x, Real) { return 1 / (x * (1 - x)); });
}
void backward_softplus(Node& n) { pull_back(n, kSoftplusSlope); }
void backward_abs(Node& n) {
  pull_back(n, [](Real x, Real) {
    return x > 0 ? Real{1} : x < 0 ? Real{-1} : x;
  });  // 0 at 0, NaN at NaN
}
// Where the result does not move with x the adjoint is left out, not multiplied by 0.
void backward_relu(Node& n) {
  const Real* x = values(*n.operands[0]);
  const Real* g = n.adjoint;
  contribute_last(n, *n.operands[0], [=](Index i) {
    return x[i] > 0 ? g[i] : x[i] <= 0 ? Real{0} : x[i];
  });
}
void backward_clamp(Node& n) {
  const Real* x = values(*n.operands[0]);
  const Real* g = n.adjoint;
  const auto [low, high] = n.reals;
  contribute_last(n, *n.operands[0], [=, low = low, high = high](Index i) {
    return x[i] >= low && x[i] <= high ? g[i] : x[i] != x[i] ? x[i] : Real{0};
  });
}
void backward_erf(Node& n) {
  pull_back(n, [](Real x, Real) {
    return real(2 * std::numbers::inv_sqrtpi * special::exp(-double{x} * x));
  });
}
void backward_lgamma(Node& n) {
  pull_back(n, [](Real x, Real) { return real(special::digamma(x)); });
}
void backward_digamma(Node& n) {
  pull_back(n, [](Real x, Real) { return real(special::trigamma(x)); });
}
void backward_normal_cdf(Node& n) {
  pull_back(n,
            [](Real x, Real) { return real(special::exp(-0.5 * x * x - special::kHalfLogTwoPi)); });
}
void backward_normal_quantile(Node& n) {
  pull_back(n,
            [](Real, Real y) { return real(special::exp(0.5 * y * y + special::kHalfLogTwoPi)); });
}

}  // namespace detail

using detail::apply;
using detail::constant;
using detail::Op;
using detail::real;

namespace {

template <class F, class Slope>
Tensor apply_blockwise(Op op, const Tensor& x, F f, Slope) {
  return apply(op, x, f, &detail::BlockMap<F, Slope>::kOp);
}

}  // namespace

Tensor Tensor::operator-() const {
  return apply_blockwise(Op::negate, *this, detail::kNegative, detail::kMinusOne);
}
Tensor exp(const Tensor& x) { return apply_blockwise(Op::exp, x, detail::kExp, detail::kResult); }
Tensor log(const Tensor& x) { return apply_blockwise(Op::log, x, detail::kLog, detail::kInverse); }
Tensor log1p(const Tensor& x) {
  return apply_blockwise(Op::log1p, x, detail::kLog1p, detail::kInverseOfOneMore);
}
Tensor expm1(const Tensor& x) { return apply(Op::expm1, x, detail::kExpm1); }
Tensor sqrt(const Tensor& x) {
  return apply_blockwise(Op::sqrt, x, detail::kSqrt, detail::kHalfOverResult);
}
Tensor square(const Tensor& x) {
  return apply_blockwise(Op::square, x, detail::kSquare, detail::kTwice);
}
Tensor tanh(const Tensor& x) {
  return apply_blockwise(Op::tanh, x, detail::kTanh, detail::kTanhSlope);
}
Tensor sin(const Tensor& x) { return apply(Op::sin, x, detail::kSin); }
Tensor cos(const Tensor& x) { return apply(Op::cos, x, detail::kCos); }
Tensor tan(const Tensor& x) { return apply(Op::tan, x, detail::kTan); }
Tensor atan(const Tensor& x) { return apply(Op::atan, x, detail::kAtan); }
Tensor sigmoid(const Tensor& x) {
  return apply_blockwise(Op::sigmoid, x, detail::kSigmoid, detail::kSigmoidSlope);
}
Tensor log_sigmoid(const Tensor& x) { return -softplus(-x); }
Tensor logit(const Tensor& p) { return apply(Op::logit, p, detail::kLogit); }
Tensor softplus(const Tensor& x) {
  return apply_blockwise(Op::softplus, x, detail::kSoftplus, detail::kSoftplusSlope);
}
Tensor abs(const Tensor& x) { return apply(Op::abs, x, detail::kAbs); }
Tensor relu(const Tensor& x) { return apply(Op::relu, x, detail::kRelu); }
Tensor clamp(const Tensor& x, Real low, Real high) {
  if (!(low <= high)) {
    fail("clamp",
         "the bounds " + detail::shortest_text(low) + " and " + detail::shortest_text(high) +
             " enclose nothing",
         "the first is the lower one");
  }
  const Tensor result = apply(Op::clamp, x, detail::within(low, high));
  result.node().reals = {low, high};
  return result;
}
Tensor erf(const Tensor& x) { return apply(Op::erf, x, detail::kErf); }
Tensor lgamma(const Tensor& x) { return apply(Op::lgamma, x, detail::kLgamma); }
Tensor digamma(const Tensor& x) { return apply(Op::digamma, x, detail::kDigamma); }
Tensor normal_cdf(const Tensor& x) { return apply(Op::normal_cdf, x, detail::kNormalCdf); }
Tensor normal_quantile(const Tensor& p) {
  return apply(Op::normal_quantile, p, detail::kNormalQuantile);
}

Tensor sign(const Tensor& x) {
  return constant(x, [](Real v) { return v > 0 ? Real{1} : v < 0 ? Real{-1} : v; });
}
Tensor floor(const Tensor& x) {
  return constant(x, [](Real v) { return std::floor(v); });
}
Tensor ceil(const Tensor& x) {
  return constant(x, [](Real v) { return std::ceil(v); });
}

}  // namespace ember
