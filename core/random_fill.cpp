// Philox, and draws of whole tensors. It is written out here because a loop over the function of
// its library, Random123, does not vectorise: that and the functions below make a Normal number
// four times cheaper.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#if defined(__AVX2__) && !defined(__AVX512DQ__)
#include <immintrin.h>
#endif

#include <ember/core/rerun.hpp>
#include <ember/core/special.hpp>

namespace ember::detail {
namespace {

constexpr Index kLanes = 128;
// Lanes are filled in groups of so many, whether asked for or not: what is left over in a loop
// would be slower, and might round otherwise.
constexpr Index kGroup = 8;
// Up to so many pairs cost less one by one.
constexpr Index kFew = 2;

// What a word of 32 bits stands in: where vectors multiply numbers of 64 bits, in as many, or it
// would be widened and narrowed in every round (measured: 1.7 times as long).
#ifdef __AVX2__
using Word = std::uint64_t;
#else
using Word = std::uint32_t;
#endif

// What stands above 32 bits of a word means nothing until it is multiplied or handed over.
EMBER_INLINE std::uint64_t low_half(Word x) { return x & 0xffffffffU; }
EMBER_INLINE std::uint64_t product(Word x, std::uint32_t factor) { return low_half(x) * factor; }

#if defined(__AVX2__) && !defined(__AVX512DQ__)
// Four words at once, multiplied by an instruction that g++ does not find by itself (measured: a
// Normal number would take half as long again).
using FourWords [[gnu::vector_size(32)]] = Word;
EMBER_INLINE FourWords product(FourWords x, std::uint32_t factor) {
  return reinterpret_cast<FourWords>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(x), _mm256_set1_epi64x(factor)));
}
#endif

// The four words of a block of an element (of each of several elements, where W is a vector): ten
// rounds with the constants of Salmon et al. 2011, table 2 and section 4.3.
template <class W>
struct WordBlock {
  W w0, w1, w2, w3;
};
template <class W, class K>
EMBER_INLINE WordBlock<W> rounds_of(K k0, K k1, W c0, W c1, W c2) {
  W c3{};
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const auto p0 = product(c0, 0xD2511F53U);
    const auto p1 = product(c2, 0xCD9E8D57U);
    c0 = static_cast<W>(p1 >> 32U) ^ c1 ^ k0;
    c2 = static_cast<W>(p0 >> 32U) ^ c3 ^ k1;
    c1 = static_cast<W>(p1);
    c3 = static_cast<W>(p0);
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  return {c0, c1, c2, c3};
}
EMBER_INLINE WordBlock<Word> block_of(std::uint64_t key, std::uint64_t element, Word number = 0) {
  const WordBlock<Word> block =
      rounds_of(static_cast<Word>(key), static_cast<Word>(key >> 32U), static_cast<Word>(element),
                static_cast<Word>(element >> 32U), number);
  const auto word = [](Word x) { return static_cast<Word>(low_half(x)); };
  return {word(block.w0), word(block.w1), word(block.w2), word(block.w3)};
}

// Those of the first blocks of n elements, which are numbered number(0), number(1), .. under the
// keys key(0), key(1), .. n is a multiple of kGroup.
struct Words {
  std::array<std::array<Word, kLanes>, 4> of;

  template <class Key, class Number>
  Words(Index n, Key key, Number number) {
    Word *w0 = of[0].data(), *w1 = of[1].data(), *w2 = of[2].data(), *w3 = of[3].data();
#if defined(__AVX2__) && !defined(__AVX512DQ__)
    for (Index i = 0; i < n; i += 4) {
      const auto four = [i](auto f) {
        const auto at = [&](Index k) { return static_cast<Word>(f(i + k)); };
        return FourWords{at(0), at(1), at(2), at(3)};
      };
      const FourWords element = four(number), keys = four(key);
      const WordBlock<FourWords> block =
          rounds_of(keys, keys >> 32U, element, element >> 32U, FourWords{});
      const auto store = [i](FourWords x, Word* to) {
        x &= 0xffffffffU;
        std::memcpy(to + i, &x, sizeof x);
      };
      store(block.w0, w0);
      store(block.w1, w1);
      store(block.w2, w2);
      store(block.w3, w3);
    }
#else
#pragma omp simd
    for (Index i = 0; i < n; ++i) {
      const WordBlock block = block_of(key(i), static_cast<std::uint64_t>(number(i)));
      w0[i] = block.w0;
      w1[i] = block.w1;
      w2[i] = block.w2;
      w3[i] = block.w3;
    }
#endif
  }
};

// The middle of one of 2^52 equal parts of (0, 1).
EMBER_INLINE double to_uniform(Word high, Word low) {
  const std::uint64_t bits = (std::uint64_t{high} << 20U) | (low >> 12U);
  return (std::bit_cast<double>(bits | 0x3ff0000000000000U) - 1) + 0x1p-53;
}

// The same as a Real: of as many parts as it tells apart, so that rounding never gives 1.
EMBER_INLINE Real to_real_uniform(Word high, Word low) {
  if constexpr (std::numeric_limits<Real>::digits >= 53)
    return static_cast<Real>(to_uniform(high, low));
  return (static_cast<Real>(high >> 9U) + Real(0.5)) * Real(0x1p-23);
}

// The point of the circle of this radius at so many turns, 0 <= turns <= 1: the nearest quarter is
// taken off exactly, and the rest goes into the polynomials of fdlibm's k_sin.c and k_cos.c.
struct Point {
  double x, y;
};
EMBER_INLINE Point on_circle(double radius, double turns) {
  constexpr double kRounder = 0x1.8p52;
  const double quarters = 4 * turns;
  const double quarter = (quarters + kRounder) - kRounder;  // 0 .. 4
  const double a = (quarters - quarter) * (std::numbers::pi / 2);
  const double z = a * a;
  const double sine =
      a + a * z *
              (-1.66666666666666324348e-01 +
               z * (8.33333333332248946124e-03 +
                    z * (-1.98412698298579493134e-04 +
                         z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 +
                                                                z * 1.58969099521155010221e-10)))));
  const double cosine =
      1 - 0.5 * z +
      z * z *
          (4.16666666666666019037e-02 +
           z * (-1.38888888888741095749e-03 +
                z * (2.48015872894767294178e-05 +
                     z * (-2.75573143513906633035e-07 +
                          z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  const bool is_odd = quarter == 1 || quarter == 3;
  const double x = is_odd ? sine : cosine;
  const double y = is_odd ? cosine : sine;
  return {quarter == 1 || quarter == 2 ? -radius * x : radius * x,
          quarter == 2 || quarter == 3 ? -radius * y : radius * y};
}

using Lanes = std::array<Real, kLanes>;

// Up to kLanes pairs of numbers of a block each, of which f(four words) makes them.
template <class Key, class Number, class F>
void make_pairs(Index pairs, Key key, Number number, F f, Lanes& first, Lanes& second) {
  const Index lanes = (pairs + kGroup - 1) / kGroup * kGroup;
  const Words words(lanes, key, number);
  Real *a = first.data(), *b = second.data();
  const Word *w0 = words.of[0].data(), *w1 = words.of[1].data(), *w2 = words.of[2].data(),
             *w3 = words.of[3].data();
#pragma omp simd
  for (Index i = 0; i < lanes; ++i) f(w0[i], w1[i], w2[i], w3[i], a[i], b[i]);
}

template <class F>
void in_pairs(RandomKey key, Node& out, F f) {
  if (out.numel <= 2 * kFew) {
    for (Index i = 0; i < out.numel; i += 2) {
      const WordBlock block = block_of(key.key, static_cast<std::uint64_t>(i / 2));
      Real unused;
      f(block.w0, block.w1, block.w2, block.w3, out.value[i],
        i + 1 < out.numel ? out.value[i + 1] : unused);
    }
    return;
  }
  for (Index begin = 0; begin < out.numel; begin += 2 * kLanes) {
    const Index count = std::min(2 * kLanes, out.numel - begin);
    const Index pairs = (count + 1) / 2;
    Lanes a, b;
    make_pairs(
        pairs, [key](Index) { return key.key; }, [=](Index i) { return begin / 2 + i; }, f, a, b);
    Real* to = out.value + begin;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count / 2); ++i) {
      to[2 * i] = a[i];
      to[2 * i + 1] = b[i];
    }
    if (count % 2 != 0) to[count - 1] = a[static_cast<std::size_t>(pairs - 1)];
  }
}

// Box and Muller (1958).
constexpr auto kNormals = [](Word w0, Word w1, Word w2, Word w3, Real& a, Real& b) {
  const double radius = std::sqrt(-2 * special::log(to_uniform(w0, w1)));
  const Point p = on_circle(radius, to_uniform(w2, w3));
  a = static_cast<Real>(p.x);
  b = static_cast<Real>(p.y);
};
constexpr auto kUniforms = [](Word w0, Word w1, Word w2, Word w3, Real& a, Real& b) {
  a = to_real_uniform(w0, w1);
  b = to_real_uniform(w2, w3);
};

Tensor noise_of(Noise noise, RandomKey key, const Shape& shape) {
  Node* out = new_constant(shape);
  Tensor result(out);
  fill(noise, key, *out);
  if (Rerun* rerun = Rerun::current()) {
    rerun->note_noise(*out, key, noise);
    out->varies = true;
  }
  return result;
}

}  // namespace

void ElementEngine::refill() {
  const WordBlock<Word> block = block_of(key_.key, element_, block_++);
  const auto word = [](Word x) { return static_cast<std::uint32_t>(x); };
  words_ = {word(block.w0), word(block.w1), word(block.w2), word(block.w3)};
  used_ = 0;
}

double ElementEngine::uniform() {
  const std::uint32_t high = (*this)();
  const std::uint32_t low = (*this)();
  return to_uniform(high, low);
}

void fill(Noise noise, RandomKey key, Node& out) {
  if (noise == Noise::normal) {
    in_pairs(key, out, kNormals);
  } else {
    in_pairs(key, out, kUniforms);
  }
}

void FewNormals::add(Node& out) {
  for (Index i = 0; i < out.numel; i += 2) {
    if (pairs_.size() == draws_.size()) {
      draws_.resize(pairs_.size() + kGroup);
      numbers_.resize(pairs_.size() + kGroup);
    }
    draws_[pairs_.size()] = count_;
    numbers_[pairs_.size()] = i / 2;
    pairs_.push_back({out.value + i, i + 1 < out.numel ? out.value + i + 1 : nullptr});
  }
  ++count_;
}

void FewNormals::clear() {
  pairs_.clear();
  draws_.clear();
  numbers_.clear();
  count_ = 0;
}

void FewNormals::fill(std::span<const RandomKey> keys) const {
  const std::size_t count = pairs_.size();
  for (std::size_t begin = 0; begin < count; begin += kLanes) {
    const std::size_t n = std::min(static_cast<std::size_t>(kLanes), count - begin);
    const std::uint32_t* draw = draws_.data() + begin;
    const Index* number = numbers_.data() + begin;
    const RandomKey* key = keys.data();
    Lanes a, b;
    make_pairs(
        static_cast<Index>(n), [=](Index i) { return key[draw[i]].key; },
        [=](Index i) { return number[i]; }, kNormals, a, b);
    const Pair* to = pairs_.data() + begin;
    for (std::size_t i = 0; i < n; ++i) {
      *to[i].first = a[i];
      if (to[i].second != nullptr) *to[i].second = b[i];
    }
  }
}

Tensor standard_normal(RandomKey key, const Shape& shape) {
  return noise_of(Noise::normal, key, shape);
}
Tensor standard_uniform(RandomKey key, const Shape& shape) {
  return noise_of(Noise::uniform, key, shape);
}

}  // namespace ember::detail
