// Element-wise operators as functions of blocks of numbers: what an expression is made of that runs
// block by block. See expression.hpp.
#pragma once

#include <type_traits>

#include <ember/core/real.hpp>

namespace ember::detail {

struct BlockOp {
  /// out[i] = f(a[i], b[i]). Of an operator of one operand b is null.
  void (*forward)(Index n, const Real* a, const Real* b, Real* out);
  /// What an adjoint g becomes at each operand. Null where it is passed on as it is.
  using Backward = void (*)(Index n, const Real* g, const Real* a, const Real* b, const Real* out,
                            Real* to);
  Backward backward[2];
};

/// Stands for the derivative of an operand that gets the adjoint as it is.
struct PassesOn {};

/// Of stateless functions: f(a, b), and the parts of an adjoint (g, a, b) -> number.
template <class F, class ByFirst, class BySecond>
struct BlockPair {
  static void forward(Index n, const Real* a, const Real* b, Real* out) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) out[i] = F()(a[i], b[i]);
  }
  template <class By>
  static void backward(Index n, const Real* g, const Real* a, const Real* b, const Real*,
                       Real* to) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) to[i] = By()(g[i], a[i], b[i]);
  }
  template <class By>
  static constexpr BlockOp::Backward backward_or_null() {
    if constexpr (std::is_same_v<By, PassesOn>) {
      return nullptr;
    } else {
      return &backward<By>;
    }
  }
  static constexpr BlockOp kOp{&forward,
                               {backward_or_null<ByFirst>(), backward_or_null<BySecond>()}};
};

/// Of stateless functions: f(x), and its derivative (x, y) at the result y. The loops are
/// `flatten`: a call that was left in one would keep it from vectorising.
template <class F, class Slope>
struct BlockMap {
  [[gnu::flatten]] static void forward(Index n, const Real* x, const Real*, Real* out) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) out[i] = F()(x[i]);
  }
  [[gnu::flatten]] static void backward(Index n, const Real* g, const Real* x, const Real*,
                                        const Real* y, Real* to) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) to[i] = g[i] * Slope()(x[i], y[i]);
  }
  static constexpr BlockOp kOp{&forward, {&backward, nullptr}};
};

}  // namespace ember::detail
