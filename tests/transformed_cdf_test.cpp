// Distribution functions of transformed distributions against those of their bases, inside and
// outside of what the transforms reach, with their gradients.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kInfinity = std::numeric_limits<Real>::infinity();
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

struct Monotone {
  transforms::Transform transform;
  Real low, high;                         // what it reaches
  std::function<Tensor(Tensor)> inverse;  // inside
  bool is_rising = true;
};

std::vector<Monotone> maps() {
  using namespace transforms;
  return {
      {exp(), 0, kInfinity, [](Tensor y) { return log(y); }},
      {softplus(), 0, kInfinity, [](Tensor y) { return log(expm1(y)); }},
      {sigmoid(), 0, 1, [](Tensor y) { return log(y / (1 - y)); }},
      {transforms::tanh(), -1, 1, [](Tensor y) { return 0.5 * log((1 + y) / (1 - y)); }},
      {affine(0.3, -1.7), -kInfinity, kInfinity, [](Tensor y) { return (0.3 - y) / 1.7; }, false},
      {compose({exp(), affine(2, -1.5)}), -kInfinity, 2,
       [](Tensor y) { return log((2 - y) / 1.5); }, false},
      {compose({sigmoid(), affine(-2, 5), affine(0, 2)}), -4, 6,
       [](Tensor y) { return log((y / 2 + 2) / (3 - y / 2)); }},
      {compose({exp(), exp()}), 1, kInfinity, [](Tensor y) { return log(log(y)); }},
      {compose({exp(), affine(1, 1), exp().inv()}), 0, kInfinity,
       [](Tensor y) { return log(expm1(y)); }},
      {compose({exp(), power(0.5)}), 0, kInfinity, [](Tensor y) { return 2 * log(y); }},
      {compose({exp(), power(-2), affine(1, 3)}), 1, kInfinity,
       [](Tensor y) { return -0.5 * log((y - 1) / 3); }, false},
  };
}

using Made = std::function<Tensor(const dist::Distribution&, const Tensor&)>;

// f's sum and its gradients by value, loc and scale.
ValueAndGrad slopes(const Made& f, const Tensor& at, const std::vector<transforms::Transform>& ts) {
  return value_and_grad(
      [&](std::span<const Tensor> in) {
        return sum(f(dist::Transformed(dist::Normal(in[1], in[2]), ts), in[0]));
      },
      {at, 0.3, 0.7});
}

const Made kCdf = [](const dist::Distribution& d, const Tensor& x) { return d.cdf(x); };
const Made kIcdf = [](const dist::Distribution& d, const Tensor& p) { return d.icdf(p); };

}  // namespace

TEST_CASE("inside of its range, F of a transformed distribution is that of its base") {
  for (const Monotone& m : maps()) {
    INFO(m.transform.rule().name() << " to " << m.low << " .. " << m.high);
    const Tensor y = m.transform(tensor({-1.1, 0.1, 0.9}));
    const auto got = slopes(kCdf, y, {m.transform});
    const auto expected = value_and_grad(
        [&](std::span<const Tensor> in) {
          const Tensor f = normal_cdf((m.inverse(in[0]) - in[1]) / in[2]);
          return sum(m.is_rising ? f : 1 - f);
        },
        {y, 0.3, 0.7});
    CHECK(got.value == Approx(expected.value).epsilon(1e-12));
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t i = 0; i < got.grads[k].data().size(); ++i) {
        CHECK(got.grads[k].data()[i] == Approx(expected.grads[k].data()[i]).epsilon(1e-9));
      }
    }
    const dist::Transformed d(dist::Normal(0.3, 0.7), m.transform);
    CHECK((abs(d.icdf(d.cdf(y)) - y) < 1e-9 * (1 + abs(y))).is_all());
  }
}

TEST_CASE("outside of its range it is 0 or 1, and flat") {
  for (const Monotone& m : maps()) {
    INFO(m.transform.rule().name() << " to " << m.low << " .. " << m.high);
    const dist::Transformed d(dist::Normal(0.3, 0.7), m.transform);
    const auto is_flat = [&](const Tensor& y, Real f) {
      CHECK((d.cdf(y) == f).is_all());
      for (const Tensor& grad : slopes(kCdf, y, {m.transform}).grads) CHECK((grad == 0).is_all());
    };
    const auto outside = [](Real end, Real away) {
      return std::isinf(end) ? tensor({end})
                             : tensor({end, end + away, end + 40 * away, away * kInfinity});
    };
    is_flat(outside(m.low, -0.25), 0);
    is_flat(outside(m.high, 0.25), 1);
    CHECK(isnan(d.cdf(kNaN)).is_all());
    CHECK(d.icdf(0).item() == m.low);
    CHECK(d.icdf(1).item() == m.high);
    CHECK(isnan(d.icdf(tensor({-0.1, 1.1, kNaN}))).is_all());
  }
}

TEST_CASE("exp of a Normal is a LogNormal, everywhere and with its gradients") {
  const Tensor y = tensor({-3.0, 0.0, 1e-300, 0.4, 1.0, 7.0, 1e300, kInfinity});
  const auto both = [&](const Made& f, const Tensor& at) {
    const auto got = slopes(f, at, {transforms::exp()});
    const auto expected = value_and_grad(
        [&](std::span<const Tensor> in) { return sum(f(dist::LogNormal(in[1], in[2]), in[0])); },
        {at, 0.3, 0.7});
    CHECK(got.value == Approx(expected.value).epsilon(1e-13));
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t i = 0; i < got.grads[k].data().size(); ++i) {
        CHECK(got.grads[k].data()[i] == Approx(expected.grads[k].data()[i]).epsilon(1e-12));
      }
    }
  };
  both(kCdf, y.slice(0, 2, 7));
  both(kIcdf, tensor({0.01, 0.5, 0.999}));
  const dist::Transformed d(dist::Normal(0.3, 0.7), {transforms::exp()});
  CHECK(same_bits(d.cdf(y), dist::LogNormal(0.3, 0.7).cdf(y)));
}

TEST_CASE("the lowest quantile moves with what bounds it, and with nothing else") {
  const auto lowest = [](std::span<const Tensor> in) {
    const auto above = transforms::compose({transforms::exp(), transforms::affine(in[0], in[1])});
    return dist::Transformed(dist::Normal(in[2], in[3]), above).icdf(0);
  };
  const auto [value, grads] = value_and_grad(lowest, {1.5, 2, 0.3, 0.7});
  CHECK(value == 1.5);
  CHECK(grads[0].item() == 1);
  for (std::size_t k = 1; k < 4; ++k) CHECK(grads[k].item() == 0);
}

TEST_CASE("bases that begin or end somewhere") {
  const dist::Transformed squared(dist::Gamma(2, 1), {transforms::power(0.5)});
  CHECK((squared.cdf(tensor({-2.0, -0.3, 0.0})) == 0).is_all());
  CHECK(squared.cdf(1.3).item() == Approx(dist::Gamma(2, 1).cdf(1.69).item()));
  const dist::Transformed mirrored(dist::Uniform(1, 3), {transforms::affine(0, -2)});
  CHECK(same_bits(mirrored.cdf(tensor({-7.0, -6.0, -3.0, -2.0, 1.0})),
                  tensor({0.0, 0.0, 0.75, 1.0, 1.0})));
  const dist::Transformed counts(dist::Poisson(3), {transforms::affine(1, 2)});
  CHECK(counts.cdf(4.9).item() == dist::Poisson(3).cdf(1).item());
  CHECK(counts.cdf(0.9).item() == 0);
  CHECK(
      has(error_of([] { dist::Transformed(dist::Poisson(3), {transforms::affine(1, -2)}).cdf(0); }),
          "has no cdf"));
  CHECK(has(error_of([] {
              dist::Transformed(dist::Normal(zeros({2}), 1), {transforms::stick_breaking()})
                  .cdf(tensor({0.2, 0.3, 0.5}));
            }),
            "has no cdf"));
}

TEST_CASE("a transformed distribution says where its values lie") {
  const auto support = [](const dist::Distribution& base, std::vector<transforms::Transform> ts) {
    return dist::Transformed(base, std::move(ts)).support();
  };
  using namespace constraints;
  const dist::Distribution normal = dist::Normal(0, 1);
  const auto down = transforms::affine(1, -2);
  CHECK(support(normal, {transforms::tanh()}) == interval(-1, 1));
  CHECK(support(normal, {transforms::tanh(), down}) == interval(-1, 3));
  CHECK(support(normal, {transforms::exp(), down}) == less_than(1));
  CHECK(support(normal, {transforms::exp(), down, down}) == greater_than(-1));
  CHECK(support(dist::Exponential(1), {transforms::affine(1, 2)}) == greater_than_eq(1));
  CHECK(support(dist::Uniform(1, 3), {down}) == interval(-5, -1));
  CHECK(support(dist::Poisson(1), {down}).kind() == Constraint::Kind::any);
}
