// Transforms against numeric Jacobians; bijections land where they should; transformed
// distributions behind masks.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>
#include <ember/core/tape.hpp>
#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

std::vector<transforms::Transform> elementwise() {
  return {transforms::identity(),
          transforms::exp(),
          transforms::sigmoid(),
          transforms::tanh(),
          transforms::softplus(),
          transforms::affine(0.3, -1.7),
          transforms::compose({transforms::exp(), transforms::power(1.5)}),
          transforms::exp().inv().inv(),
          transforms::compose({transforms::sigmoid(), transforms::affine(-2, 5)})};
}

}  // namespace

TEST_CASE("element-wise transforms: derivative, inverse and sign") {
  for (const transforms::Transform& t : elementwise()) {
    INFO(t.rule().name());
    for (const Real at : {Real(-1.3), Real(0.2), Real(2.1)}) {
      const Tensor x = at;
      const Tensor y = t(x);
      const Real step = Real(1e-6);
      const Real slope = (t(at + step).item() - t(at - step).item()) / (2 * step);
      CHECK(t.log_abs_det_jacobian(x, y).item() == Approx(std::log(std::abs(slope))).margin(1e-8));
      CHECK(t.inv(y).item() == Approx(at).epsilon(1e-10));
      CHECK(t.sign() == (slope > 0 ? 1 : -1));
    }
  }
}

TEST_CASE("stick breaking: its Jacobian is that of all but the last coordinate") {
  const Tensor x = tensor({0.4, -1.1, 0.7});
  const auto t = transforms::stick_breaking();
  const Tensor y = t(x);
  CHECK(sum(y).item() == Approx(1));
  Real j[3][3];
  const Real step = Real(1e-6);
  for (Index k = 0; k < 3; ++k) {
    std::vector<Real> up(x.data().begin(), x.data().end()), down = up;
    up[static_cast<std::size_t>(k)] += step;
    down[static_cast<std::size_t>(k)] -= step;
    const Tensor difference = (t(tensor(up)) - t(tensor(down))) / (2 * step);
    for (Index i = 0; i < 3; ++i) j[i][k] = difference.at({i});
  }
  const Real det = j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) -
                   j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0]) +
                   j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]);
  CHECK(t.log_abs_det_jacobian(x, y).item() == Approx(std::log(std::abs(det))).epsilon(1e-7));
  CHECK(t.forward_shape({5, 3}) == Shape{5, 4});
  CHECK(t.inverse_shape({5, 4}) == Shape{5, 3});
  const Tensor back = t.inv(y);
  for (Index i = 0; i < 3; ++i) CHECK(back.at({i}) == Approx(x.at({i})));
}

TEST_CASE("while recording, the inverse of what a transform made is its argument itself") {
  const detail::Recording recording;
  const Tensor x = detail::Recording::leaf(tensor({0.3, 50.0}));
  const auto t = transforms::sigmoid();
  const Tensor y = t(x);
  CHECK(&t.inv(y).node() == &x.node());  // 50 would come back as infinity
  CHECK(&transforms::exp().inv(y).node() != &x.node());
}

TEST_CASE("a transform made where another one has gone does not take its results for its own") {
  // -(8 / 4)^2 / 2 - log sqrt(2 pi) - log 4, whose slope by y is -y / 16
  Tensor y;
  const auto density = [&](std::span<const Tensor> in) {
    y = transforms::affine(0, 2)(in[0]);
    return dist::Transformed(dist::Normal(0, 1), transforms::affine(0, 4)).log_prob(y);
  };
  const auto [value, grads] = value_and_grad(density, {4.0});
  CHECK(value == Approx(normal_lp(8, 0, 4)));
  CHECK(grads[0].item() == Approx(-1));
  const detail::Recording recording;
  const Tensor x = detail::Recording::leaf(tensor({0.3, 1.0}));
  const Tensor z = transforms::affine(0.5, 2)(x);
  CHECK(transforms::affine(0.5, 4).inv(z).at({1}) == Approx(0.5));
}

TEST_CASE("bijections land in their constraint, and come back") {
  using namespace ember::constraints;
  const Tensor u = tensor({-3.0, -0.2, 0.0, 1.4});
  for (const Constraint& c : {real, positive, nonnegative, unit_interval, greater_than(2.5),
                              simplex, independent(positive, 1)}) {
    INFO(c.name());
    for (const auto& t : {biject_to(c), transform_to(c)}) {
      const Tensor y = t(u);
      CHECK(c.check(y).is_all());
      CHECK(t.forward_shape(u.shape()) == y.shape());
      const Tensor again = t(t.inv(y));
      for (std::size_t i = 0; i < y.data().size(); ++i) {
        CHECK(again.data()[i] == Approx(y.data()[i]));
      }
    }
  }
  CHECK_THROWS_AS(biject_to(boolean), Error);
  CHECK_THROWS_AS(biject_to(nonnegative_integer), Error);
  CHECK_FALSE(greater_than(2.5).check(2.5).is_all());
  CHECK_FALSE(simplex.check(tensor({0.5, 0.6})).is_all());
  CHECK(integer_interval(-1, 2).check(tensor({-1, 0, 2})).is_all());
  CHECK_FALSE(integer_interval(-1, 2).check(1.5).is_all());
}

TEST_CASE("transformed distributions: densities, masks, events") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const dist::Transformed lognormal(dist::Normal(tensor({0.1, 0.2}), 0.7), {transforms::exp()});
  const dist::LogNormal same(tensor({0.1, 0.2}), 0.7);
  const Tensor y = tensor({0.6, 1.9});
  CHECK(lognormal.log_prob(y).at({1}) == Approx(same.log_prob(y).at({1})));
  CHECK(lognormal.support().kind() == Constraint::Kind::positive);
  const Mask mask = mask_of({true, false});
  const auto density = [&](std::span<const Tensor> in) {
    return sum(dist::Transformed(dist::Normal(in[0], 0.7), {transforms::exp()})
                   .mask(mask)
                   .to_event(1)
                   .log_prob(in[1]));
  };
  const auto [value, grads] = value_and_grad(density, {tensor({0.1, nan}), tensor({0.6, -3.0})});
  CHECK(value == Approx(same.log_prob(y).at({0})));
  CHECK(grads[0].at({1}) == 0);
  CHECK(grads[1].at({1}) == 0);
  CHECK_THROWS_AS(lognormal.log_prob(tensor({0.6, -3.0})), Error);
  // a transform of vectors makes the base's last axis part of the event
  const dist::Transformed simplex(dist::Normal(zeros({4, 2}), 1), {transforms::stick_breaking()});
  CHECK(simplex.batch_shape() == Shape{4});
  CHECK(simplex.event_shape() == Shape{3});
  CHECK(simplex.log_prob(simplex.sample()).shape() == Shape{4});
  const auto j = nlohmann::json::parse(to_json(simplex).dump());
  const Tensor x = simplex.sample();
  CHECK(distribution_from_json(j, "").log_prob(x).at({3}) == simplex.log_prob(x).at({3}));
}

TEST_CASE("a scale of 0 or NaN is an error where it is visible and validation is on") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const auto through = [](const Tensor& scale) {
    return dist::Transformed(dist::Normal(0, 1), {transforms::exp(), transforms::affine(1, scale)});
  };
  const dist::Distribution bad = through(tensor({2.0, 0.0, -1.0, nan}));
  const char* rule = "Affine: |scale|[1] = 0 must be positive";
  check_error([&] { bad.sample(); }, {rule});
  check_error([&] { bad.log_prob(tensor({2, 2, 0, 2})); }, {rule});
  check_error([&] { bad.log_prob_sum(tensor({2, 2, 0, 2})); }, {rule});
  check_error([&] { bad.mask(mask_of({true, false, true, true})).sample(); }, {"[3] = nan"});
  check_error([&] { through(0).sample(); }, {"Affine: |scale| = 0"});
  const Mask good = mask_of({true, false, true, false});
  CHECK(bad.mask(good).log_prob_sum(tensor({2, 2, 0, 2})).item() ==
        Approx(through(tensor({2, -1})).log_prob_sum(tensor({2, 0})).item()));
  CHECK(bad.mask(good).sample().shape() == Shape{4});
  // after and before a map that makes a vector of another, and the other way round
  const auto vector = [](const Tensor& before, const Tensor& after) {
    return dist::Transformed(dist::Normal(zeros({2, 3}), 1),
                             {transforms::affine(0, before), transforms::stick_breaking(),
                              transforms::affine(0, after)});
  };
  CHECK(vector(ones({2, 1}), 2).sample().shape() == Shape{2, 4});
  CHECK(vector(tensor({{1}, {0}}), 1).mask(mask_of({true, false})).sample().shape() == Shape{2, 4});
  check_error([&] { vector(tensor({{1}, {0}}), 1).sample(); }, {"|scale|[1, 0] = 0"});
  check_error([&] { vector(1, tensor({1, 0, 1, 1})).sample(); }, {"|scale|[1] = 0"});
  check_error(
      [&] { dist::Transformed(dist::Normal(0, 1), transforms::affine(0, 0).inv()).sample(); },
      {"|scale| = 0"});
  enable_validation(false);
  CHECK(error_of([&] { through(0).sample(); }) == "no error");
  enable_validation(true);
}

TEST_CASE("a number of axes in a file is a whole number") {
  nlohmann::json affine = to_json(transforms::affine(0, 1, 1));
  nlohmann::json independent = to_json(transforms::independent(transforms::exp(), 1));
  CHECK_NOTHROW(transform_from_json(affine, "/t"));
  affine["event_dim"] = to_json(Tensor(1.5));
  independent["n"] = to_json(Tensor(1.5));
  check_error([&] { transform_from_json(affine, "/t"); }, {"json /t/event_dim", "number of axes"});
  check_error([&] { transform_from_json(independent, "/t"); }, {"json /t/n", "number of axes"});
  nlohmann::json delta = to_json(dist::Delta(zeros({3}), 0, 1));
  delta["parameters"]["event_dim"] = to_json(Tensor(0.5));
  check_error([&] { distribution_from_json(delta, "/d"); }, {"/d", "event_dim = 0.5"});
}

TEST_CASE("what has no axes is no point of a transform of vectors") {
  const auto t = transforms::independent(transforms::exp(), 1);
  CHECK(t.log_abs_det_jacobian(tensor({1, 2}), exp(tensor({1, 2}))).item() == 3);
  check_error([&] { t.log_abs_det_jacobian(1, exp(Tensor(1))); }, {"shape ()", "1 axis"});
}
