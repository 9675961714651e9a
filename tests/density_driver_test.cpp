// Kernels that count: which elements the density drivers evaluate.
#include <ember/distributions/elementwise.hpp>
#include <ember/ember.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

Index elements_seen = 0;
Index poison_seen = 0;

void look(Index n, const Real* const* in, bool is_uniform) {
  elements_seen += n;
  for (Index i = 0; i < n; ++i) {
    if (!std::isfinite(in[0][i]) || !std::isfinite(in[1][is_uniform ? 0 : i])) ++poison_seen;
  }
}

// log p(x) = -(x - loc)^2 / 2
struct Quadratic {
  static dist::Density<2> density(double x, double loc) {
    return {-0.5 * (x - loc) * (x - loc), {loc - x, x - loc}};
  }
};
using Plain = dist::Elementwise<Quadratic, 2>;

template <bool Partials>
void block(Index n, Index row, const Real* const* in, Real* out, Real* const* partials) {
  look(n, in, false);
  Plain::block<Partials>(n, row, in, out, partials);
}
template <unsigned Uniform, bool Partials, bool Masked, bool ByValue = Partials>
void add(Index n, const Real* const* in, const std::int64_t* kept, Real* const* partials,
         dist::Sums& sums) {
  look(n, in, Uniform == 1);
  Plain::sum<Uniform, Partials, Masked, ByValue>(n, in, kept, partials, sums);
}
template <unsigned Uniform>
void listed(Index n, const Index* list, const Real* const* in, Real* const* partials,
            dist::Sums& sums) {
  for (Index j = 0; j < n; ++j) {
    const Real* const at[] = {in[0] + list[j], in[1] + (Uniform == 1 ? 0 : list[j])};
    look(1, at, Uniform == 1);
  }
  Plain::listed<Uniform>(n, list, in, partials, sums);
}
template <unsigned Uniform>
constexpr dist::SumKernel kSum{&add<Uniform, false, false>,
                               &add<Uniform, false, true>,
                               &add<Uniform, true, false>,
                               &add<Uniform, true, true>,
                               &add<Uniform, true, false, false>,
                               &add<Uniform, true, true, false>,
                               &listed<Uniform>,
                               Uniform};
constexpr dist::SumKernel kSums[] = {kSum<0>, kSum<1>};
constexpr dist::Kernel kCounting{&block<false>, &block<true>, 2, 0, kSums};

constexpr dist::ParameterInfo kParameters[] = {{"loc", Constraint::Kind::real, 0}};
constexpr dist::FamilyInfo kInfo{"Counting", kParameters, nullptr};

class CountingFamily final : public dist::KernelFamily {
 public:
  explicit CountingFamily(const Tensor& loc)
      : KernelFamily(kInfo, std::span<const Tensor>(&loc, 1)) {}
  Constraint support() const override { return constraints::real; }

 private:
  const dist::Kernel& kernel() const override { return kCounting; }
  Tensor draw(detail::RandomKey, const Shape& elements) const override { return zeros(elements); }
  Tensor placeholder() const override { return 0; }
};

// Ordinary numbers, NaN where hidden.
Tensor numbers(const Mask& mask, Real step) {
  std::vector<Real> x;
  for (Index i = 0; i < mask.numel(); ++i) x.push_back(std::sin(step * static_cast<Real>(i)));
  return where(mask, tensor(x, mask.shape()), kNaN);
}

constexpr Index kN = 3000;

template <class F>
Mask mask_where(F keeps) {
  std::vector<bool> kept;
  for (Index i = 0; i < kN; ++i) kept.push_back(keeps(i));
  return mask_of(kept, {kN});
}

struct Seen {
  Index elements, poison;
};

// The elements that a density and its gradient evaluate; checks both.
Seen evaluate(const Mask& mask, const Tensor& loc, bool with_gradient, bool fused) {
  elements_seen = poison_seen = 0;
  const Tensor x = numbers(mask, 1);
  const dist::Distribution d =
      dist::Distribution(dist::make_family<CountingFamily>(loc)).mask(mask);
  Real expected = 0;
  const Tensor locs = expand(loc, {kN});
  for (Index i = 0; i < kN; ++i) {
    if (mask.at({i})) expected -= 0.5 * std::pow(x.at({i}) - locs.at({i}), 2);
  }
  if (!with_gradient) {
    const Tensor total = fused ? d.log_prob_sum(x) : sum(d.log_prob(x));
    CHECK(total.item() == Approx(expected));
  } else {
    const auto [value, grads] = value_and_grad(
        [&](std::span<const Tensor> in) {
          return fused ? d.log_prob_sum(in[0]) : sum(d.log_prob(in[0]));
        },
        {x});
    CHECK(value == Approx(expected));
    bool right = true;
    for (Index i = 0; i < kN; ++i) {
      const Real g = grads[0].at({i});
      right = right && (mask.at({i}) ? g == locs.at({i}) - x.at({i}) : g == 0 && !std::signbit(g));
    }
    CHECK(right);
  }
  return {elements_seen, poison_seen};
}

}  // namespace

TEST_CASE("kernels see no hidden element of a sparse mask, nor of one whose runs are long") {
  const Mask sparse = mask_where([](Index i) { return i % 7 == 3; });
  const Mask blocks =
      mask_where([](Index i) { return i < detail::kBlock || i >= 2 * detail::kBlock; });
  const Mask runs = mask_where([](Index i) { return i % 60 < 25 || i >= kN - 2 * detail::kBlock; });
  REQUIRE(sparse.bytes()->is_sparse());
  REQUIRE_FALSE(blocks.bytes()->is_sparse());
  REQUIRE(sparse.bytes()->runs().empty());
  REQUIRE_FALSE(runs.bytes()->runs().empty());
  for (const Mask& mask : {sparse, blocks, runs}) {
    for (const Tensor& loc : {numbers(mask, 2), Tensor(0.5)}) {
      for (const bool with_gradient : {false, true}) {
        for (const bool fused : {false, true}) {
          const Seen seen = evaluate(mask, loc, with_gradient, fused);
          CHECK(seen.elements == mask.count());
          CHECK(seen.poison == 0);
        }
      }
    }
  }
}

TEST_CASE(
    "hidden lanes of a dense block are thrown away by selection, hidden blocks are not seen") {
  const auto is_hidden = [](Index i) { return i / detail::kBlock == 1; };
  const Mask dense = mask_where([&](Index i) { return i % 3 != 0 && !is_hidden(i); });
  REQUIRE(dense.bytes()->runs().empty());
  for (const Tensor& loc : {numbers(dense, 2), Tensor(0.5)}) {
    for (const bool with_gradient : {false, true}) {
      for (const bool fused : {false, true}) {
        const Index elements = evaluate(dense, loc, with_gradient, fused).elements;
        CHECK(elements <= kN - detail::kBlock);
        if (fused) CHECK(elements == kN - detail::kBlock);
      }
    }
  }
}

TEST_CASE("nothing is evaluated where everything is hidden") {
  const Mask none = Mask::filled({kN}, false);
  for (const bool with_gradient : {false, true}) {
    CHECK(evaluate(none, full({kN}, kNaN), with_gradient, true).elements == 0);
    CHECK(evaluate(none, full({kN}, kNaN), with_gradient, false).elements == 0);
  }
}
