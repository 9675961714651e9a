// The test that the library is named for: a (B, E, C) categorical with NaN logits, under every
// combination of masks and scale, before and after to_event.
#include <cmath>
#include <limits>
#include <vector>

#include <ember/distributions/elementwise.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr Index kB = 4, kE = 5, kC = 3, kF = 2;
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

Mask pattern(const Shape& shape, Index keep, Index of) {
  std::vector<std::uint8_t> bytes;
  for (Index i = 0; i < shape.numel(); ++i) bytes.push_back((i * 7 + 3) % of < keep ? 1 : 0);
  return Mask::from_bytes(shape, std::move(bytes));
}

struct Combination {
  bool distribution, handler, obs, scale, to_event;
};

// What each kind of mask hides, and all of them together, element by element: after to_event, masks
// of handlers and observations are over B alone.
struct Setup {
  Mask distribution, handler, obs, all;
  Mask modelled;  // where the logits must be there: an observation that is missing is drawn
  Real scale;

  explicit Setup(const Combination& c) {
    const Shape batch = c.to_event ? Shape{kB} : Shape{kB, kE};
    distribution = c.distribution ? pattern({kB, kE}, 3, 5) : Mask::filled({kB, kE}, true);
    handler = c.handler ? pattern(batch, 3, 4) : Mask::filled(batch, true);
    obs = c.obs ? pattern(batch, 2, 3) : Mask::filled(batch, true);
    const auto over_elements = [&](const Mask& m) {
      return c.to_event ? m.unsqueeze_right(1).broadcast_to({kB, kE}) : m;
    };
    modelled = distribution & over_elements(handler);
    all = modelled & over_elements(obs);
    scale = c.scale ? Real(0.75) : Real(1);
  }
};

// Garbage for hidden elements: each kind of it in turn.
Real garbage(Index i) {
  const Real kinds[] = {kNaN, kInfinity, -kInfinity, Real(1e300) * 10};
  return kinds[i % 4];
}

Tensor spoil(const Tensor& x, const Mask& visible, Index row) {
  std::vector<Real> values(x.data().begin(), x.data().end());
  const std::vector<std::uint8_t> kept = visible.to_bytes();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kept[i / static_cast<std::size_t>(row)] == 0) values[i] = garbage(static_cast<Index>(i));
  }
  return tensor(values, x.shape());
}

// Out-of-range categories behind the masks as well.
Tensor spoil_categories(const Tensor& y, const Mask& visible) {
  std::vector<Real> values(y.data().begin(), y.data().end());
  const std::vector<std::uint8_t> kept = visible.to_bytes();
  const Real kinds[] = {kNaN, Real(-3), Real(kC + 4), Real(0.5), kInfinity};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kept[i] == 0) values[i] = kinds[i % 5];
  }
  return tensor(values, y.shape());
}

Tensor numbers(const Shape& shape, Real step) {
  std::vector<Real> values;
  for (Index i = 0; i < shape.numel(); ++i)
    values.push_back(std::sin(step * static_cast<Real>(i + 1)));
  return tensor(values, shape);
}

// The log joint by hand, and its gradient by the weights w (F, C) and the logits, over kept
// elements.
struct ByHand {
  Real log_joint = 0;
  std::vector<Real> by_weight = std::vector<Real>(kF * kC, 0);
  std::vector<Real> by_logits = std::vector<Real>(kB * kE * kC, 0);

  ByHand(const Tensor& x, const Tensor& w, const Tensor& y, const Mask& kept, Real scale) {
    for (Index b = 0; b < kB; ++b) {
      for (Index e = 0; e < kE; ++e) {
        if (!kept.at({b, e})) continue;
        Real logits[kC];
        Real total = 0;
        for (Index c = 0; c < kC; ++c) {
          logits[c] = x.at({b, e, 0}) * w.at({0, c}) + x.at({b, e, 1}) * w.at({1, c});
          total += std::exp(logits[c]);
        }
        const auto chosen = static_cast<Index>(y.at({b, e}));
        log_joint += scale * (logits[chosen] - std::log(total));
        for (Index c = 0; c < kC; ++c) {
          const Real g = scale * ((c == chosen ? 1 : 0) - std::exp(logits[c]) / total);
          by_logits[static_cast<std::size_t>((b * kE + e) * kC + c)] = g;
          for (Index f = 0; f < kF; ++f) {
            by_weight[static_cast<std::size_t>(f * kC + c)] += g * x.at({b, e, f});
          }
        }
      }
    }
  }
};

Tensor observed_log_joint(const Tensor& logits, const Tensor& y, const Combination& c,
                          const Setup& s) {
  dist::Distribution d = dist::Categorical({.logits = logits});
  if (c.distribution) d = d.mask(s.distribution);
  if (c.to_event) d = d.to_event(1);
  const Trace t = h::trace([&] {
                    with inside(h::mask(s.handler), h::scale(s.scale));
                    if (c.obs) {
                      sample("y", d, {.obs = y, .obs_mask = s.obs});
                    } else {
                      sample("y", d, {.obs = y});
                    }
                  }).get_trace();
  if (c.obs) REQUIRE(isfinite(t["y_unobserved"].value).is_all());
  return t[c.obs ? "y_observed" : "y"].log_prob_sum();
}

void check_close(const Tensor& got, const std::vector<Real>& expected) {
  REQUIRE(got.data().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i);
    if (expected[i] == 0) {
      CHECK(got.data()[i] == 0);  // exactly
    } else {
      CHECK(got.data()[i] == Approx(expected[i]).epsilon(1e-10));
    }
  }
}

}  // namespace

TEST_CASE("log joint and gradients are those of the kept elements, whatever is hidden") {
  const Tensor x = numbers({kB, kE, kF}, Real(0.7));
  const Tensor w = numbers({kF, kC}, Real(1.1));
  std::vector<Real> categories;
  for (Index i = 0; i < kB * kE; ++i) categories.push_back(static_cast<Real>((i * 5) % kC));
  const Tensor y = tensor(categories, {kB, kE});
  for (int bits = 0; bits < 32; ++bits) {
    const Combination c{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                        (bits & 16) != 0};
    const Setup s(c);
    INFO("distribution " << c.distribution << " handler " << c.handler << " obs " << c.obs
                         << " scale " << c.scale << " to_event " << c.to_event);
    REQUIRE(s.all.count() > 0);
    const ByHand exact(x, w, y, s.all, s.scale);
    const Tensor bad_x = spoil(x, s.modelled, kF);
    const Tensor bad_y = spoil_categories(y, s.all);

    // features are garbage where hidden, and so are the logits that they make
    const auto upstream = value_and_grad(
        [&](std::span<const Tensor> in) {
          return observed_log_joint(matmul(bad_x, in[0]), bad_y, c, s);
        },
        {w});
    CHECK(upstream.value == Approx(exact.log_joint).epsilon(1e-12));
    check_close(upstream.grads[0], exact.by_weight);

    // the logits themselves
    const Tensor bad_logits = spoil(matmul(x, w), s.modelled, kC);
    const auto direct = value_and_grad(
        [&](std::span<const Tensor> in) { return observed_log_joint(in[0], bad_y, c, s); },
        {bad_logits});
    CHECK(direct.value == Approx(exact.log_joint).epsilon(1e-12));
    check_close(direct.grads[0], exact.by_logits);
  }
}

namespace {

// A row kernel and an element-wise one that write down which elements they are given: the value of
// element i is i.
std::vector<Real> evaluated;

void counting_rows(Index n, Index, const Real* const* in, Real* out, Real* const* partials) {
  for (Index i = 0; i < n; ++i) {
    evaluated.push_back(in[0][i]);
    out[i] = in[0][i];
  }
  if (partials != nullptr && partials[1] != nullptr) {
    for (Index i = 0; i < n * kC; ++i) partials[1][i] = 1;
  }
}

void counting_elements(Index n, Index, const Real* const* in, Real* out, Real* const* partials) {
  for (Index i = 0; i < n; ++i) {
    evaluated.push_back(in[0][i]);
    out[i] = in[0][i];
    if (partials != nullptr && partials[1] != nullptr) partials[1][i] = 1;
  }
}

constexpr dist::Kernel kCountingRows{&counting_rows, &counting_rows, 2, 2U};
constexpr dist::Kernel kCountingElements{&counting_elements, &counting_elements, 2};

std::vector<Real> kept_positions(const Mask& mask) {
  std::vector<Real> positions;
  const std::vector<std::uint8_t> bytes = mask.to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != 0) positions.push_back(static_cast<Real>(i));
  }
  return positions;
}

}  // namespace

TEST_CASE("nothing hidden is evaluated: rows at any density, elements where few are kept") {
  constexpr Index kRowCount = 2000;
  const Tensor value = arange(kRowCount).reshape({40, 50});
  const Tensor rows = zeros({40, 50, kC});
  for (const Index of : {2, 5, 37}) {
    const Mask mask = pattern({40, 50}, 1, of);
    for (const bool with_gradient : {false, true}) {
      evaluated.clear();
      const auto density = [&](std::span<const Tensor> in) {
        const auto inputs = dist::nodes_of(std::array{value, in[0]});
        return dist::density_sum(kCountingRows, inputs, {40, 50}, mask);
      };
      if (with_gradient) {
        value_and_grad(density, {rows});
      } else {
        const Tensor in[] = {rows};
        density(in);
      }
      CHECK(evaluated == kept_positions(mask));
    }
    if (of < 5)
      continue;  // element-wise blocks of dense masks are computed whole and selected from
    evaluated.clear();
    const std::array tensors{value, zeros({40, 50})};
    const auto inputs = dist::nodes_of(tensors);
    const Tensor result = dist::density(kCountingElements, inputs, {40, 50}, mask);
    CHECK(evaluated == kept_positions(mask));
    CHECK(result.at({0, 0}) == 0);
  }
  evaluated.clear();
  const auto inputs = dist::nodes_of(std::array{value, rows});
  CHECK(dist::density_sum(kCountingRows, inputs, {40, 50}, Mask::filled({40, 50}, false)).item() ==
        0);
  CHECK(evaluated.empty());
}

TEST_CASE("whole blocks that a dense mask hides are not evaluated") {
  std::vector<std::uint8_t> bytes(3000, 1);
  std::fill(bytes.begin() + 512, bytes.begin() + 1536, std::uint8_t{0});
  const Mask mask = Mask::from_bytes({3000}, bytes);
  evaluated.clear();
  const std::array tensors{arange(3000), zeros({3000})};
  const auto inputs = dist::nodes_of(tensors);
  dist::density(kCountingElements, inputs, {3000}, mask);
  CHECK(evaluated == kept_positions(mask));
}
