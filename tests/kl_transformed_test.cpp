// Divergences that come down to others: of transformed distributions, and of families of one's own.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

dist::Distribution through(const dist::Distribution& base,
                           const std::vector<transforms::Transform>& ts) {
  return dist::Transformed(base, ts);
}

const auto kExp = transforms::exp();

bool close(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && (abs(a - b) < 1e-12).is_all();
}

// Exponential numbers by their mean.
struct Waiting : dist::Custom {
  explicit Waiting(const Tensor& m)
      : Custom(this, "Waiting", {{"mean", m, constraints::positive}}), scale(m) {}

  Constraint support() const override { return constraints::nonnegative; }
  Tensor sample(const Shape& shape) const override {
    return scale * dist::Exponential(1).sample(shape);
  }
  Tensor log_prob(const Tensor& x) const override { return -x / scale - log(scale); }
  Tensor kl_to(const dist::Distribution& q) const override {
    if (const auto* other = of<Waiting>(q)) return by_rate(1 / other->scale);
    if (q.name() == "Exponential") return by_rate(1 / q.mean());
    return {};
  }
  Tensor kl_from(const dist::Distribution& p) const override {
    if (p.name() != "Exponential") return {};
    const Tensor ratio = p.mean() / scale;
    return ratio - 1 - log(ratio);
  }
  Tensor by_rate(const Tensor& rate) const {
    const Tensor ratio = scale * rate;
    return ratio - 1 - log(ratio);
  }

  Tensor scale;
};

}  // namespace

TEST_CASE("the same transform leaves a divergence as it is") {
  const dist::Distribution p = dist::Normal(tensor({0.3, -0.2}), 0.7), q = dist::Normal(-0.5, 1.1);
  const Tensor expected = dist::kl_divergence(p, q);
  CHECK(close(dist::kl_divergence(through(p, {kExp}), through(q, {kExp})), expected));
  CHECK(close(
      dist::kl_divergence(through(p, {kExp}), through(q, {kExp})),
      dist::kl_divergence(dist::LogNormal(tensor({0.3, -0.2}), 0.7), dist::LogNormal(-0.5, 1.1))));
  const auto chain = [] {
    return std::vector<transforms::Transform>{transforms::sigmoid(), transforms::affine(-2, 5)};
  };
  CHECK(close(dist::kl_divergence(through(p, chain()), through(q, chain())), expected));
  CHECK(close(dist::kl_divergence(through(p, {kExp.inv()}), through(q, {kExp.inv()})), expected));
  const auto sticks = transforms::stick_breaking();
  const Tensor whole =
      dist::kl_divergence(through(p.expand({3, 2}), {sticks}), through(q.expand({2}), {sticks}));
  CHECK(close(whole, expand(sum(expected), {3})));
  // events on either side of the transform are the same events
  const Tensor mixed = dist::kl_divergence(through(p, {kExp}).to_event(1),
                                           through(q.expand({2}).to_event(1), {kExp}));
  CHECK(close(mixed, sum(expected)));
}

TEST_CASE("other transforms have no closed form") {
  const dist::Distribution p = dist::Normal(0.3, 0.7);
  const auto kl = [&](const transforms::Transform& a, const transforms::Transform& b) {
    return error_of([&] { dist::kl_divergence(through(p, {a}), through(p, {b})); });
  };
  CHECK(kl(transforms::affine(1, 2), transforms::affine(1, 2)) == "no error");
  CHECK(has(kl(transforms::affine(1, 2), transforms::affine(1, 3)), "no closed form"));
  CHECK(has(kl(kExp, transforms::softplus()), "no closed form"));
  CHECK(has(kl(kExp, transforms::compose({kExp, kExp})), "no closed form"));
  // two numbers that only happen to be equal would give wrong gradients
  const auto shifted = [&](bool same) {
    return [&, same](std::span<const Tensor> in) {
      const Tensor other = same ? in[0] : in[0] * 1.0;
      return dist::kl_divergence(through(p, {transforms::affine(in[0], 1)}),
                                 through(dist::Normal(0, 1), {transforms::affine(other, 1)}));
    };
  };
  CHECK(value_and_grad(shifted(true), {2.0}).grads[0].item() == 0);
  CHECK(has(error_of([&] { value_and_grad(shifted(false), {2.0}); }), "no closed form"));
}

TEST_CASE("divergences of transformed distributions count what both masks show") {
  const Mask left = mask_of({true, false, true}), right = mask_of({true, true, false});
  const auto total = [&](std::span<const Tensor> in) {
    const dist::Distribution p = through(dist::Normal(in[0], 0.7), {kExp});
    const dist::Distribution q = through(dist::Normal(0, in[1]), {kExp});
    return dist::kl_divergence(p.mask(left).to_event(1), q.mask(right).to_event(1));
  };
  const auto [value, grads] = value_and_grad(total, {tensor({0.4, kNaN, 1}), tensor({2, 1, -1.0})});
  CHECK(value == Approx(dist::kl_divergence(dist::Normal(0.4, 0.7), dist::Normal(0, 2)).item()));
  CHECK(same_bits(grads[0], where(left & right, grads[0], 0)));
  CHECK(grads[0].at({0}) == Approx(0.1));
  CHECK(same_bits(grads[1], where(left & right, grads[1], 0)));
}

TEST_CASE("a family of one's own gives its divergences") {
  const Tensor m = tensor({0.5, 2.0}), n = tensor({1.5, 0.7});
  const Tensor expected = dist::kl_divergence(dist::Exponential(1 / m), dist::Exponential(1 / n));
  CHECK(close(dist::kl_divergence(Waiting(m), Waiting(n)), expected));
  CHECK(close(dist::kl_divergence(Waiting(m), dist::Exponential(1 / n)), expected));
  CHECK(close(dist::kl_divergence(dist::Exponential(1 / m), Waiting(n)), expected));
  CHECK(has(error_of([&] { dist::kl_divergence(Waiting(m), dist::Gamma(1, 1)); }),
            "KL(Waiting || Gamma)"));
  const Mask seen = mask_of({true, false});
  const auto masked = [&](std::span<const Tensor> in) {
    return dist::kl_divergence(Waiting(in[0]).mask(seen).to_event(1), Waiting(n).to_event(1));
  };
  const auto [value, grads] = value_and_grad(masked, {tensor({0.5, kNaN})});
  CHECK(value == Approx(expected.at({0})));
  CHECK(grads[0].at({0}) == Approx(1 / 1.5 - 1 / 0.5));
  CHECK(grads[0].at({1}) == 0);
  CHECK(close(dist::kl_divergence(Waiting(1).expand({2}), Waiting(n)),
              dist::kl_divergence(dist::Exponential(1), dist::Exponential(1 / n))));
}
