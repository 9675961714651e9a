// The drivers of the density kernels: what is the same for all families. A kernel works on blocks
// of contiguous numbers; a driver brings the blocks together: broadcasting, the mask, the sum, and
// the partial derivatives for the backward pass.
#pragma once

#include <span>

#include <ember/core/mask.hpp>
#include <ember/core/reach.hpp>
#include <ember/core/special.hpp>

namespace ember::distributions {

inline constexpr std::size_t kMaxInputs = 4;  // the value and up to three parameters

/// Rows are taken in blocks of so many: their transposes stay in the first cache, and a loop over
/// them is two or four vectors.
inline constexpr Index kRowBlock = 16;

/// A density kernel. For n elements it reads in[k][i] (element-wise) or in[k][c * n + i], c < row
/// (an input that has a row of numbers an element: transposed, so that loops over i vectorise),
/// writes the log density to out[i] and, where partials[k] is not null, its derivative by input k,
/// laid out as the input.
struct Kernel {
  using Block = void (*)(Index n, Index row, const Real* const* in, Real* out,
                         Real* const* partials);
  Block value_only;
  Block with_partials;
  std::size_t inputs;       // the value comes first
  unsigned row_inputs = 0;  // bit k: input k has a row an element
  /// Variants for parameters that are one number for all elements, read from in[k][0]: what depends
  /// on them alone, such as log(scale), is computed once a block. Bit k - 1 of the index: input k.
  struct Variant {
    Block value_only, with_partials;
  };
  const Variant* uniform = nullptr;
};

/// The log density of `elements` under a kernel, where `visible`; 0 elsewhere. Hidden elements of
/// sparse masks and all hidden rows are not evaluated; hidden lanes of a denser element-wise block
/// are computed and thrown away by selection.
Tensor density(const Kernel& kernel, std::span<const Tensor> inputs, const Shape& elements,
               const Mask& visible);
/// Its sum, in one pass.
Tensor density_sum(const Kernel& kernel, std::span<const Tensor> inputs, const Shape& elements,
                   const Mask& visible);

/// What an element-wise scalar density returns: log p and its derivatives by the value and the
/// parameters.
template <std::size_t N>
struct Density {
  double log_prob;
  double partial[N];
};

/// Makes a kernel of a scalar function F::density(double value, double parameter, ..) ->
/// Density<N>. Its parts are pure arithmetic, so that what nobody stores is not computed.
template <class F, std::size_t N>
struct Elementwise {
  static_assert(N == 2 || N == 3, "a value and one or two parameters");

  template <bool Partials, unsigned Uniform>
  static void block(Index n, Index, const Real* const* in, Real* out, Real* const* partials) {
    const Real* x = in[0];
    const Real* p1 = in[1];
    const Real* p2 = N > 2 ? in[2] : in[1];
    const double u1 = p1[0];
    const double u2 = p2[0];
    Real unused[detail::kBlock];
    Real* g[3] = {unused, unused, unused};
    if constexpr (Partials) {
      for (std::size_t k = 0; k < N; ++k) {
        if (partials[k] != nullptr) g[k] = partials[k];
      }
    }
    Real* g0 = g[0];
    Real* g1 = g[1];
    Real* g2 = g[2];
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const double v1 = (Uniform & 1U) != 0 ? u1 : static_cast<double>(p1[i]);
      Density<N> d;
      if constexpr (N == 2) {
        d = F::density(x[i], v1);
      } else {
        d = F::density(x[i], v1, (Uniform & 2U) != 0 ? u2 : static_cast<double>(p2[i]));
      }
      out[i] = static_cast<Real>(d.log_prob);
      if constexpr (Partials) {
        g0[i] = static_cast<Real>(d.partial[0]);
        g1[i] = static_cast<Real>(d.partial[1]);
        if constexpr (N > 2) g2[i] = static_cast<Real>(d.partial[2]);
      }
    }
  }
  template <unsigned Uniform>
  static constexpr Kernel::Variant variant{&block<false, Uniform>, &block<true, Uniform>};
  static constexpr Kernel::Variant kUniform[] = {variant<0>, variant<1>, variant<N == 3 ? 2 : 0>,
                                                 variant<N == 3 ? 3 : 0>};
  static constexpr Kernel kernel{&block<false, 0>, &block<true, 0>, N, 0, kUniform};
};

}  // namespace ember::distributions
