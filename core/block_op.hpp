// Element-wise operators as functions of blocks of numbers: what an expression is made of that runs
// block by block. See expression.hpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include <ember/core/real.hpp>

namespace ember::detail {

/// Which operands of a block are one number for all of its elements, and are read from their first
/// place.
enum class OneNumber : std::uint8_t { none, first, second };

struct BlockOp {
  /// out[i] = f(a[i], b[i]). Of an operator of one operand b is null.
  using Forward = void (*)(Index n, const Real* a, const Real* b, Real* out);
  /// What an adjoint g becomes at an operand.
  using Backward = void (*)(Index n, const Real* g, const Real* a, const Real* b, const Real* out,
                            Real* to);
  /// The sum of that, where the operand is one number.
  using Summed = Real (*)(Index n, const Real* g, const Real* a, const Real* b);

  /// By OneNumber; of an operator of one operand all are the first.
  Forward forward[3];
  /// By operand and OneNumber. Null where the adjoint is passed on as it is.
  Backward backward[2][3];
  /// By operand. Null where there is none.
  Summed summed[2];
};

/// Stands for the derivative of an operand that gets the adjoint as it is.
struct PassesOn {};

/// Of stateless functions: f(a, b), and the parts of an adjoint (g, a, b) -> number.
template <class F, class ByFirst, class BySecond>
struct BlockPair {
  template <OneNumber One>
  static void forward(Index n, const Real* a, const Real* b, Real* out) {
    constexpr Index kA = One == OneNumber::first ? 0 : 1, kB = One == OneNumber::second ? 0 : 1;
#pragma omp simd
    for (Index i = 0; i < n; ++i) out[i] = F()(a[kA * i], b[kB * i]);
  }
  template <class By, OneNumber One>
  static void backward(Index n, const Real* g, const Real* a, const Real* b, const Real*,
                       Real* to) {
    constexpr Index kA = One == OneNumber::first ? 0 : 1, kB = One == OneNumber::second ? 0 : 1;
#pragma omp simd
    for (Index i = 0; i < n; ++i) to[i] = By()(g[i], a[kA * i], b[kB * i]);
  }
  template <class By, OneNumber One>
  static Real summed(Index n, const Real* g, const Real* a, const Real* b) {
    constexpr Index kA = One == OneNumber::first ? 0 : 1, kB = One == OneNumber::second ? 0 : 1;
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < n; ++i) sum += By()(g[i], a[kA * i], b[kB * i]);
    return sum;
  }
  template <class By, OneNumber One>
  static constexpr BlockOp::Backward backward_or_null() {
    if constexpr (std::is_same_v<By, PassesOn>) {
      return nullptr;
    } else {
      return &backward<By, One>;
    }
  }
  template <class By, OneNumber One>
  static constexpr BlockOp::Summed summed_or_null() {
    if constexpr (std::is_same_v<By, PassesOn>) {
      return nullptr;
    } else {
      return &summed<By, One>;
    }
  }
  using enum OneNumber;
  static constexpr BlockOp kOp{
      {&forward<none>, &forward<first>, &forward<second>},
      {{backward_or_null<ByFirst, none>(), backward_or_null<ByFirst, first>(),
        backward_or_null<ByFirst, second>()},
       {backward_or_null<BySecond, none>(), backward_or_null<BySecond, first>(),
        backward_or_null<BySecond, second>()}},
      {summed_or_null<ByFirst, first>(), summed_or_null<BySecond, second>()}};
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
  static constexpr BlockOp kOp{
      {&forward, &forward, &forward}, {{&backward, &backward, &backward}, {}}, {}};
};

}  // namespace ember::detail
