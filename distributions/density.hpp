// The drivers of the density kernels: what is the same for all families. A kernel works on blocks
// of contiguous numbers; a driver brings the blocks together: broadcasting, the mask, the sum, and
// the partial derivatives for the backward pass.
#pragma once

#include <array>
#include <span>

#include <ember/core/element_block.hpp>
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
  /// For sums over many elements: indexed by which parameters are one number for all of them (bit
  /// k - 1: input k).
  const struct SumKernel* sums = nullptr;
};

/// What a block adds to a sum: log densities, and the derivatives by uniform parameters.
struct Sums {
  double log_prob = 0;
  double partial[kMaxInputs] = {};

  Sums& operator+=(const Sums& other) {
    log_prob += other.log_prob;
    for (std::size_t k = 0; k < kMaxInputs; ++k) partial[k] += other.partial[k];
    return *this;
  }
};

/// Sums over a block; in the variants that are masked `kept` says which elements count: all bits
/// set or none (as wide as the numbers are, or the loops would take as many elements at once as
/// there are bytes in a register, and spill the rest). Uniform inputs are read from in[k][0]: what
/// depends on them alone, such as log(scale), is computed once a block, and their derivatives are
/// summed in registers.
struct SumKernel {
  using Block = void (*)(Index n, const Real* const* in, const std::int64_t* kept,
                         Real* const* partials, Sums& sums);
  Block value_only, value_only_masked, with_partials, with_partials_masked;
  /// Where nobody wants the derivative by the value: of what is observed.
  Block of_observed, of_observed_masked;
  /// Elements of a list, read and stored where they stand: in[k] and partials[k] are those of
  /// element 0. Wants no derivative by the value, and those by all parameters that are not uniform.
  /// Null where elements cost more than bringing them together, so that they are better computed in
  /// vectors.
  void (*listed)(Index n, const Index* list, const Real* const* in, Real* const* partials,
                 Sums& sums);
  unsigned uniform;  // the inputs that it takes as uniform: not more than those that are

  Block block(bool wants_partials, bool wants_by_value, bool is_masked) const {
    if (!wants_partials) return is_masked ? value_only_masked : value_only;
    if (wants_by_value) return is_masked ? with_partials_masked : with_partials;
    return is_masked ? of_observed_masked : of_observed;
  }
};

/// Whether the elements of an element-wise density are better gathered along a mask's list than
/// computed where they stand, hidden blocks left out (measured: below 0.8 kept where two numbers go
/// into a logarithm or an exponential, below 0.4 where three do; from memory below 0.4 and 0.125;
/// below 0.3 where all is arithmetic). `sums` may be null.
inline bool pays_to_list(const detail::MaskBytes& mask, std::size_t inputs, const SumKernel* sums) {
  const bool is_arithmetic = sums != nullptr && sums->listed != nullptr;
  if (is_arithmetic) return mask.kept() * 10 < mask.size() * 3;
  const bool is_far = detail::comes_from_afar(mask.size());
  if (inputs == 2) return mask.kept() * 10 < mask.size() * (is_far ? 4 : 8);
  return mask.kept() * 40 < mask.size() * (is_far ? 5 : 16);
}

/// The mask of a block as a SumKernel takes it.
inline void widen(const detail::ElementBlock& block, std::int64_t* wide) {
  const std::uint8_t* kept = block.kept;
#pragma omp simd
  for (Index i = 0; i < block.n; ++i) wide[i] = -static_cast<std::int64_t>(kept[i]);
}

/// The log density of `elements` under a kernel, where `visible`; 0 elsewhere. Hidden elements of
/// sparse masks and all hidden rows are not evaluated; hidden lanes of a denser element-wise block
/// are computed and thrown away by selection.
Tensor density(const Kernel& kernel, std::span<detail::Node* const> inputs, const Shape& elements,
               const Mask& visible);
/// Its sum, in one pass.
Tensor density_sum(const Kernel& kernel, std::span<detail::Node* const> inputs,
                   const Shape& elements, const Mask& visible);

template <std::size_t N>
std::array<detail::Node*, N> nodes_of(const std::array<Tensor, N>& tensors) {
  std::array<detail::Node*, N> nodes;
  for (std::size_t k = 0; k < N; ++k) nodes[k] = &tensors[k].node();
  return nodes;
}

/// What an element-wise scalar density returns: log p and its derivatives by the value and the
/// parameters (or any other element-wise function: see pointwise()).
template <std::size_t N>
struct Density {
  double log_prob;
  double partial[N];
};

/// Makes a kernel of a scalar function F::density(double value, double parameter, ..) ->
/// Density<N>. Its parts are pure arithmetic, so that what nobody stores is not computed. The loops
/// are `flatten`: a call that was left in one would keep it from vectorising (2 to 4 times the
/// time). Where F::Few is such a class too, whose holds(double value, double parameter, ..) says
/// for which numbers, sums over blocks of nothing else take its density.
template <class F, std::size_t N>
struct Elementwise {
  static_assert(N >= 2 && N <= kMaxInputs, "a value and one to three parameters");

  static Density<N> at(Real x, double p1, [[maybe_unused]] double p2, [[maybe_unused]] double p3) {
    if constexpr (N == 2) {
      return F::density(x, p1);
    } else if constexpr (N == 3) {
      return F::density(x, p1, p2);
    } else {
      return F::density(x, p1, p2, p3);
    }
  }

  template <bool Partials>
  [[gnu::flatten]] static void block(Index n, Index row, const Real* const* in, Real* out,
                                     Real* const* partials) {
    if constexpr (requires { typename F::Few; }) {
      using Few = Elementwise<typename F::Few, N>;
      // Of several some may be hidden, and would choose.
      if (n == 1 && Few::template holds<0, false>(n, in, nullptr)) {
        return Few::template block<Partials>(n, row, in, out, partials);
      }
    }
    const Real* x = in[0];
    const Real* p1 = in[1];
    const Real* p2 = in[kSecond];
    const Real* p3 = in[N - 1];
    Real unused[detail::kBlock];
    Real* g[kMaxInputs] = {unused, unused, unused, unused};
    open(Partials, partials, g);
    Real* g0 = g[0];
    Real* g1 = g[1];
    Real* g2 = g[2];
    Real* g3 = g[3];
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const Density<N> d = at(x[i], p1[i], p2[i], p3[i]);
      out[i] = static_cast<Real>(d.log_prob);
      if constexpr (Partials) {
        g0[i] = static_cast<Real>(d.partial[0]);
        g1[i] = static_cast<Real>(d.partial[1]);
        if constexpr (N > 2) g2[i] = static_cast<Real>(d.partial[2]);
        if constexpr (N > 3) g3[i] = static_cast<Real>(d.partial[3]);
      }
    }
  }

  template <unsigned Uniform, bool Partials, bool Masked, bool ByValue = Partials>
  [[gnu::flatten]] static void sum(Index n, const Real* const* in, const std::int64_t* kept,
                                   Real* const* partials, Sums& sums) {
    if constexpr (requires { typename F::Few; }) {
      using Few = Elementwise<typename F::Few, N>;
      if (Few::template holds<Uniform, Masked>(n, in, kept)) {
        return Few::template sum<Uniform, Partials, Masked, ByValue>(n, in, kept, partials, sums);
      }
    }
    constexpr bool kUniform1 = (Uniform & 1U) != 0;
    constexpr bool kUniform2 = (Uniform & 2U) != 0;
    constexpr bool kUniform3 = (Uniform & 4U) != 0;
    const Real* x = in[0];
    const Real* p1 = in[1];
    const Real* p2 = in[kSecond];
    const Real* p3 = in[N - 1];
    const double u1 = p1[0];
    const double u2 = p2[0];
    const double u3 = p3[0];
    Real unused[detail::kBlock];
    Real* g[kMaxInputs] = {unused, unused, unused, unused};
    open(Partials, partials, g);
    Real* g0 = g[0];
    Real* g1 = g[1];
    Real* g2 = g[2];
    Real* g3 = g[3];
    double total = 0;
    double total1 = 0;
    double total2 = 0;
    double total3 = 0;
#pragma omp simd reduction(+ : total, total1, total2, total3)
    for (Index i = 0; i < n; ++i) {
      const Density<N> d = at(x[i], kUniform1 ? u1 : static_cast<double>(p1[i]),
                              kUniform2 || N < 3 ? u2 : static_cast<double>(p2[i]),
                              kUniform3 || N < 4 ? u3 : static_cast<double>(p3[i]));
      const auto counted = [&](double term) {
        if constexpr (Masked) return detail::bits_and(kept[i], term);
        return term;
      };
      total += counted(d.log_prob);
      if constexpr (ByValue) g0[i] = static_cast<Real>(d.partial[0]);
      if constexpr (Partials) {
        if constexpr (kUniform1) {
          total1 += counted(d.partial[1]);
        } else {
          g1[i] = static_cast<Real>(d.partial[1]);
        }
        if constexpr (kUniform2) {
          total2 += counted(d.partial[2]);
        } else if constexpr (N > 2) {
          g2[i] = static_cast<Real>(d.partial[2]);
        }
        if constexpr (kUniform3) {
          total3 += counted(d.partial[3]);
        } else if constexpr (N > 3) {
          g3[i] = static_cast<Real>(d.partial[3]);
        }
      }
    }
    sums.log_prob += total;
    sums.partial[1] += total1;
    sums.partial[2] += total2;
    sums.partial[3] += total3;
  }

  // Whether F::holds for all elements that count.
  template <unsigned Uniform, bool Masked>
  [[gnu::flatten]] static bool holds(Index n, const Real* const* in, const std::int64_t* kept) {
    const Real* x = in[0];
    const Real* p1 = in[1];
    const Real* p2 = in[kSecond];
    std::int64_t others = 0;
#pragma omp simd reduction(| : others)
    for (Index i = 0; i < n; ++i) {
      const double first = p1[(Uniform & 1U) != 0 ? 0 : i];
      const double second = p2[(Uniform & 2U) != 0 || N < 3 ? 0 : i];
      const std::int64_t other = F::holds(x[i], first, second) ? 0 : -1;
      others |= Masked ? other & kept[i] : other;
    }
    return others == 0;
  }

  // One by one, two at a time: where all is arithmetic, what vectors save is less than what their
  // gathers and scatters cost.
  template <unsigned Uniform>
  [[gnu::flatten]] static void listed(Index n, const Index* list, const Real* const* in,
                                      Real* const* partials, Sums& sums) {
    const auto is_uniform = [](std::size_t k) { return (Uniform >> (k - 1) & 1U) != 0; };
    // Copies, or they would be read again after each number that is stored.
    const Real* from[N];
    Real* to[N];
    double uniform[N];
    for (std::size_t k = 0; k < N; ++k) {
      from[k] = in[k];
      to[k] = partials[k];
      uniform[k] = in[k][0];
    }
    Sums even, odd;
    const auto add = [&](Index i, Sums& total) {
      const auto read = [&](std::size_t k) {
        return is_uniform(k) ? uniform[k] : static_cast<double>(from[k][i]);
      };
      const Density<N> d = at(from[0][i], read(1), read(kSecond), read(N - 1));
      total.log_prob += d.log_prob;
      for (std::size_t k = 1; k < N; ++k) {
        if (is_uniform(k)) {
          total.partial[k] += d.partial[k];
        } else {
          to[k][i] = static_cast<Real>(d.partial[k]);
        }
      }
    };
    for (Index j = 0; j + 1 < n; j += 2) {
      add(list[j], even);
      add(list[j + 1], odd);
    }
    if (n % 2 != 0) add(list[n - 1], even);
    sums += even;
    sums += odd;
  }
  // Of families that say so, where only the first parameter, a location, is no single number.
  template <unsigned Uniform>
  static constexpr auto listed_or_null() -> decltype(SumKernel::listed) {
    if constexpr (requires { F::kIsArithmetic; }) {
      if (N > 2 && Uniform == (1U << (N - 1)) - 2) return &listed<Uniform>;
    }
    return nullptr;
  }

  static constexpr std::size_t kSecond = N > 2 ? 2 : 1;  // where there is no second parameter, any

  static void open(bool wanted, Real* const* partials, Real** g) {
    for (std::size_t k = 0; wanted && k < N; ++k) {
      if (partials[k] != nullptr) g[k] = partials[k];
    }
  }

  template <unsigned Uniform>
  static constexpr SumKernel kSum{
      &sum<Uniform, false, false>,       &sum<Uniform, false, true>,
      &sum<Uniform, true, false>,        &sum<Uniform, true, true>,
      &sum<Uniform, true, false, false>, &sum<Uniform, true, true, false>,
      listed_or_null<Uniform>(),         Uniform};
  // Of three parameters only all, or all but the second (a location), are taken as uniform: each
  // entry is four more loops to compile.
  static constexpr unsigned best(unsigned uniform) {
    return N < 4 || uniform == 5 || uniform == 7 ? uniform & ((1U << (N - 1)) - 1) : 0;
  }
  static constexpr SumKernel kSums[] = {kSum<best(0)>, kSum<best(1)>, kSum<best(2)>, kSum<best(3)>,
                                        kSum<best(4)>, kSum<best(5)>, kSum<best(6)>, kSum<best(7)>};
  static constexpr Kernel kernel{&block<false>, &block<true>, N, 0, kSums};
};

}  // namespace ember::distributions
