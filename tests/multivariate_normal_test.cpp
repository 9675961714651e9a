// MultivariateNormal: its three forms, matrices behind masks, draws, constraints and transforms.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Tensor kTril = tensor({{1.2, 0, 0}, {0.3, 0.9, 0}, {-0.4, 0.2, 0.7}});
const Tensor kLoc = tensor({0.5, -1, 2});

Tensor covariance() { return matmul(kTril, transpose(kTril)); }
Tensor precision() {
  const Tensor inverse = triangular_solve(kTril, eye(3));
  return matmul(transpose(inverse), inverse);
}

std::vector<dist::Distribution> forms() {
  return {dist::MultivariateNormal(kLoc, {.scale_tril = kTril}),
          dist::MultivariateNormal(kLoc, {.covariance_matrix = covariance()}),
          dist::MultivariateNormal(kLoc, {.precision_matrix = precision()})};
}

void check_close(const Tensor& got, const Tensor& expected, Real margin = Real(1e-10)) {
  REQUIRE(got.shape() == expected.shape());
  for (std::size_t i = 0; i < got.data().size(); ++i) {
    CHECK(got.data()[i] == Approx(expected.data()[i]).margin(margin));
  }
}

// Two good matrices with one in between that is symmetric and finite, but no covariance.
Tensor one_bad(const Tensor& good) { return stack({good, -good, good}, 0); }
const Mask kKept = mask_of({true, false, true});

}  // namespace

TEST_CASE("the three forms of a covariance are one distribution") {
  const Tensor x = tensor({{0.1, 0.2, 0.3}, {-1, 0, 2}});
  const auto all = forms();
  for (const dist::Distribution& d : all) {
    CHECK(d.event_shape() == Shape{3});
    CHECK(d.support() == constraints::independent(constraints::real, 1));
    check_close(d.log_prob(x), all[0].log_prob(x));
    check_close(d.mean(), kLoc);
    check_close(d.variance(), diagonal(covariance()));
    check_close(d.entropy(), all[0].entropy());
    check_close(dist::kl_divergence(d, all[0]), 0);
    check_close(d.expand({4, 2}).log_prob(x), expand(all[0].log_prob(x), {4, 2}));
  }
  const Tensor scale = tensor({1.2, 0.9, 0.7});
  const dist::Distribution apart = dist::Normal(kLoc, scale).to_event(1);
  check_close(dist::MultivariateNormal(kLoc, {.scale_tril = diag(scale)}).log_prob(x),
              apart.log_prob(x));
  check_close(dist::kl_divergence(apart, dist::MultivariateNormal(
                                             kLoc, {.precision_matrix = diag(1 / square(scale))})),
              0);
}

TEST_CASE("matrices behind a mask may be anything") {
  const Tensor x = tensor({{0.1, 0.2, 0.3}, {kNaN, kNaN, kNaN}, {-1, 0, 2}});
  for (const bool is_nan : {false, true}) {
    const auto spoiled = [&](const Tensor& good) {
      const Tensor bad = one_bad(good);
      return is_nan ? where(kKept.unsqueeze_right(2), bad, kNaN) : bad;
    };
    const std::vector<std::vector<Tensor>> matrices{{spoiled(kTril), Tensor(), Tensor()},
                                                    {Tensor(), spoiled(covariance()), Tensor()},
                                                    {Tensor(), Tensor(), spoiled(precision())}};
    for (std::size_t form = 0; form < 3; ++form) {
      const auto make = [&](const Tensor& matrix) {
        std::vector<Tensor> m(3);
        m[form] = matrix;
        return dist::MultivariateNormal(kLoc, {m[0], m[1], m[2]}).mask(kKept);
      };
      const Tensor matrix = matrices[form][form];
      const dist::Distribution d = make(matrix);
      const Tensor density = d.log_prob(x);
      CHECK(density.at({0}) == Approx(forms()[0].log_prob(x[0]).item()));
      CHECK(density.at({1}) == 0);
      CHECK(d.entropy().at({1}) == 0);
      CHECK(d.entropy().at({2}) == Approx(forms()[0].entropy().item()));
      CHECK((select(d.sample({4}), 1, 1) == 0).is_all());
      const dist::Distribution standard =
          dist::MultivariateNormal(zeros({3}), {.scale_tril = eye(3)});
      const auto total = [&](std::span<const Tensor> in) {
        const dist::Distribution made = make(in[0] * 1.0);
        return sum(made.log_prob(x)) + sum(dist::kl_divergence(made, standard)) +
               sum(dist::kl_divergence(standard, made));
      };
      const auto result = value_and_grad(total, {matrix});
      CHECK(std::isfinite(result.value));
      CHECK(isfinite(result.grads[0]).is_all());
      CHECK((result.grads[0][1] == 0).is_all());
      CHECK((result.grads[0][2] != 0).count() >= 6);
    }
  }
}

TEST_CASE("a matrix of which nothing is visible is not factorised") {
  const Tensor flat = zeros({2, 2}), loc = tensor({kNaN, 0});
  for (const dist::Distribution& d : {dist::MultivariateNormal(loc, {.covariance_matrix = flat}),
                                      dist::MultivariateNormal(loc, {.scale_tril = flat}),
                                      dist::MultivariateNormal(loc, {.precision_matrix = flat}),
                                      dist::MultivariateNormal(loc, {.covariance_matrix = flat})}) {
    const dist::Distribution hidden = d.mask(Mask(false));
    CHECK(same_bits(hidden.log_prob(zeros({2})), 0));
    CHECK(same_bits(hidden.log_prob_sum(zeros({4, 2})), 0));
    CHECK(same_bits(hidden.log_prob(zeros({4, 2})), zeros({4})));
    CHECK(same_bits(hidden.sample(), zeros({2})));
    CHECK(same_bits(hidden.sample({4}), zeros({4, 2})));
  }
  const auto density = [](std::span<const Tensor> in) {
    return sum(dist::MultivariateNormal(in[0], {.covariance_matrix = in[1]})
                   .mask(Mask(false))
                   .log_prob(in[2]));
  };
  for (const Tensor& slope : value_and_grad(density, {loc, flat, loc}).grads) {
    CHECK((slope == 0).is_all());
  }
}

TEST_CASE("draws of a MultivariateNormal have its moments and move with its parameters") {
  for (const dist::Distribution& d : forms()) {
    set_rng_seed(51);
    const Index n = 100'000;
    const Tensor x = d.sample({n});
    CHECK(x.shape() == Shape{n, 3});
    const Tensor centred = x - kLoc;
    const Tensor second = matmul(transpose(centred), centred) / static_cast<Real>(n);
    const Tensor s = covariance();
    for (Index i = 0; i < 3; ++i) {
      const Real error = std::sqrt(s.at({i, i}) / Real(n));
      CHECK(std::abs(mean(x, 0).at({i}) - kLoc.at({i})) < 4 * error);
      for (Index j = 0; j < 3; ++j) {
        const Real variance = s.at({i, i}) * s.at({j, j}) + s.at({i, j}) * s.at({i, j});
        CHECK(std::abs(second.at({i, j}) - s.at({i, j})) < 4 * std::sqrt(variance / Real(n)));
      }
    }
  }
  const auto check_slope = [](auto make, const Tensor& at) {
    const auto f = [&](std::span<const Tensor> in) {
      set_rng_seed(52);
      const Tensor x = make(in[0]).sample({3});
      return sum(square(x) * tensor({1.0, 2.0, 3.0}));
    };
    const Tensor exact = value_and_grad(f, {at}).grads[0];
    for (std::size_t i = 0; i < at.data().size(); ++i) {
      const auto shifted = [&](Real by) {
        std::vector<Real> values(at.data().begin(), at.data().end());
        values[i] += by;
        return f(std::vector<Tensor>{tensor(values, at.shape())}).item();
      };
      const Real numeric = (shifted(Real(1e-6)) - shifted(Real(-1e-6))) / Real(2e-6);
      CHECK(exact.data()[i] == Approx(numeric).epsilon(1e-6).margin(1e-7));
    }
  };
  enable_validation(false);  // a shifted matrix is not quite symmetric
  check_slope([](const Tensor& m) { return dist::MultivariateNormal(m, {.scale_tril = kTril}); },
              kLoc);
  check_slope([](const Tensor& m) { return dist::MultivariateNormal(kLoc, {.scale_tril = m}); },
              kTril);
  check_slope(
      [](const Tensor& m) { return dist::MultivariateNormal(kLoc, {.covariance_matrix = m}); },
      covariance());
  check_slope(
      [](const Tensor& m) { return dist::MultivariateNormal(kLoc, {.precision_matrix = m}); },
      precision());
  enable_validation(true);
}

TEST_CASE("a mask counts one element a vector") {
  const Tensor y = tensor({{0.1, 0.2, 0.3}, {kNaN, 1, 2}, {-1, 0, 2}});
  const auto model = [&] {
    plate n("n", 3);
    with inside(h::mask(!any(isnan(y), -1)));
    sample("y", dist::MultivariateNormal(kLoc, {.scale_tril = kTril}), {.obs = y});
  };
  const Trace t = h::trace(model).get_trace();
  CHECK(t["y"].mask == kKept);
  CHECK(t["y"].hidden().handlers == 1);
  CHECK(t["y"].log_prob_sum().item() ==
        Approx(forms()[0].log_prob(y[0]).item() + forms()[0].log_prob(y[2]).item()));
}

TEST_CASE("errors of MultivariateNormal") {
  using dist::MultivariateNormal;
  const auto density = [](const MultivariateNormal& d) {
    return error_of([&] { d.log_prob(kLoc); });
  };
  CHECK(has(error_of([] { MultivariateNormal(kLoc, {}); }), "exactly one of .scale_tril"));
  CHECK(has(
      error_of([] { MultivariateNormal(kLoc, {.scale_tril = kTril, .precision_matrix = kTril}); }),
      ".scale_tril and .precision_matrix"));
  CHECK(has(error_of([] { MultivariateNormal(Tensor(), {.scale_tril = kTril}); }), ".loc"));
  CHECK(has(error_of([] { MultivariateNormal(zeros({2}), {.scale_tril = kTril}); }), "(2,)"));
  CHECK(has(error_of([] { MultivariateNormal(0, {.scale_tril = kTril}); }), "loc"));
  CHECK(has(error_of([] {
              MultivariateNormal(zeros({3}), {.scale_tril = ones({2, 3})});
            }),
            "(2, 3)"));
  CHECK(has(error_of([] {
              MultivariateNormal(zeros({0}), {.scale_tril = ones({0, 0})});
            }),
            "no numbers"));
  CHECK(has(density({kLoc, {.scale_tril = ones({3, 3})}}), "must be lower triangular"));
  CHECK(has(density({kLoc, {.scale_tril = one_bad(kTril)}}),
            "scale_tril[1] must be lower triangular"));
  CHECK(has(density({kLoc, {.covariance_matrix = -eye(3)}}),
            "must be symmetric and positive definite"));
  CHECK(
      has(density({kLoc, {.precision_matrix = kTril}}), "must be symmetric and positive definite"));
  CHECK(has(error_of([] { forms()[0].log_prob(zeros({2})); }), "(2,)"));
  CHECK(has(error_of([] { forms()[0].log_prob(tensor({0.0, kNaN, 0.0})); }), "value[1]"));
}

TEST_CASE("maps to Cholesky factors and covariances") {
  set_rng_seed(53);
  const Tensor x = dist::Normal(0, 1).sample({2, 3, 3});
  for (const Constraint& c : {constraints::lower_cholesky, constraints::positive_definite}) {
    const transforms::Transform t = biject_to(c);
    const Tensor y = t(x);
    CHECK(c.check(y).is_all());
    check_close(t.inv(y), tril(x), Real(1e-9));
    CHECK(c.check(stack({eye(2), tensor({{1, 2}, {0, -1}}), tensor({{1, kNaN}, {0, 1}})}, 0)) ==
          mask_of({true, false, false}));
    CHECK(transform_from_json(to_json(t), "").rule().name() == std::string(t.rule().name()));
    CHECK(constraint_from_json(to_json(c), "") == c);
    CHECK(has(error_of([&] { t(zeros({2, 3})); }), "(2, 3)"));
    // the determinant of the map between lower triangles, by its columns
    std::vector<std::pair<Index, Index>> places;
    for (Index i = 0; i < 3; ++i) {
      for (Index j = 0; j <= i; ++j) places.emplace_back(i, j);
    }
    const auto entry = [](std::pair<Index, Index> at) {
      std::vector<Real> values(9, 0);
      values[static_cast<std::size_t>(at.first * 3 + at.second)] = 1;
      return tensor(values, {3, 3});
    };
    std::vector<Tensor> columns;
    for (const auto& at : places) {
      const Tensor step = Real(1e-6) * entry(at);
      const Tensor slope = (t(x[0] + step) - t(x[0] - step)) / Real(2e-6);
      std::vector<Real> column;
      for (const auto& [i, j] : places) column.push_back(slope.at({i, j}));
      columns.push_back(tensor(column, {6}));
    }
    const Tensor jacobian = stack(columns, 0);
    const Tensor l = cholesky(matmul(jacobian, transpose(jacobian)));
    CHECK(t.log_abs_det_jacobian(x, y).at({0}) ==
          Approx(sum(log(diagonal(l))).item()).epsilon(1e-6));
  }
}

TEST_CASE("a learned Cholesky factor stays one") {
  param_store().clear();
  set_rng_seed(54);
  const Tensor y = dist::MultivariateNormal(kLoc, {.scale_tril = kTril}).sample({500});
  const auto model = [&] {
    const Tensor loc = param("loc", zeros({3}));
    const Tensor l = param("l", eye(3), constraints::lower_cholesky);
    plate n("n", 500);
    sample("y", dist::MultivariateNormal(loc, {.scale_tril = l}), {.obs = y});
  };
  inference::SVI svi(
      model, [] {}, inference::Adam({.lr = 0.05}));
  svi.run(600, {});
  const Tensor l = param_store().get("l");
  CHECK(constraints::lower_cholesky.check(l).is_all());
  const Tensor centred = y - mean(y, 0);
  check_close(matmul(l, transpose(l)), matmul(transpose(centred), centred) / 500, Real(0.01));
}
