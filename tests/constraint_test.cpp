// Constraints with bounds: what they allow, say, and write to files; their bijections.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
using Kind = Constraint::Kind;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

struct Case {
  Constraint constraint;
  std::vector<Real> inside, outside;
  const char* rule;
};

std::vector<Case> cases() {
  return {
      {constraints::greater_than(1), {1.5, 1e300}, {1, 0, kNaN}, "must be greater than 1"},
      {constraints::greater_than_eq(1), {1, 7}, {0.999, kNaN}, "must be 1 or more"},
      {constraints::less_than(1), {0.999, -1e300}, {1, 2, kNaN}, "must be less than 1"},
      {constraints::interval(-1, 2), {-1, 0, 2}, {-1.01, 2.01, kNaN}, "must lie in [-1, 2]"},
      {constraints::half_open_interval(-1, 2), {-1, 0}, {-1.01, 2, kNaN}, "must lie in [-1, 2)"},
      {constraints::integer_interval(0, 3),
       {0, 3},
       {-1, 0.5, 4, kNaN},
       "must be a whole number from 0 to 3"}};
}

}  // namespace

TEST_CASE("bounds are kept, at their ends as they say") {
  for (const Case& c : cases()) {
    INFO(c.constraint.name());
    for (Real x : c.inside) {
      CHECK(c.constraint.check(x).is_all());
      CHECK(c.constraint.holds(x, Mask(true)));
    }
    for (Real x : c.outside) {
      CHECK(c.constraint.check(x).is_none());
      CHECK_FALSE(c.constraint.holds(x, Mask(true)));
    }
    CHECK(c.constraint.rule() == c.rule);
    const nlohmann::json j = nlohmann::json::parse(to_json(c.constraint).dump());
    CHECK(constraint_from_json(j, "") == c.constraint);
    nlohmann::json without = j;
    without.erase(c.constraint.has_lower() ? "lower" : "upper");
    CHECK(has(error_of([&] { constraint_from_json(without, "/c"); }), "/c"));
  }
}

TEST_CASE("bounds broadcast with the value, and only what is visible is looked at") {
  const Constraint c = constraints::interval(tensor({{0.0}, {kNaN}}), tensor({1.0, 2.0, 3.0}));
  const Tensor x = tensor({{0.5, 2.0, 3.5}, {1.0, 1.0, 1.0}});
  CHECK(c.check(x) == mask_of({true, true, false, false, false, false}, {2, 3}));
  const Mask first = mask_of({true, true, false, false, false, false}, {2, 3});
  const Mask wider = mask_of({true, true, true, false, false, false}, {2, 3});
  CHECK(c.holds(x, first));
  CHECK_FALSE(c.holds(x, wider));
  CHECK_NOTHROW(check_visible(c, x, first, "who", "value"));
  const std::string text = error_of([&] { check_visible(c, x, wider, "who", "value"); });
  INFO(text);
  CHECK(has(text, "value[0, 2] = 3.5 must lie in [0, 3]"));
  // one value against many bounds
  CHECK(constraints::less_than(tensor({1.0, 2.0})).check(1.5) == mask_of({false, true}));
  CHECK_FALSE(constraints::less_than(tensor({1.0, 2.0})).holds(1.5, Mask(true)));
  CHECK(constraints::less_than(tensor({1.0, 2.0})).holds(1.5, mask_of({false, true})));
}

TEST_CASE("a mask over elements is none over an event axis of as many numbers") {
  namespace dist = ember::distributions;
  const Mask seen = mask_of({false, true, true});
  const Tensor classes = tensor({0, 1, 2}), bad = tensor({-1, 1, 1}),
               missing = tensor({kNaN, 0, 0});
  const dist::Categorical categorical({.probs = bad});
  const dist::Dirichlet dirichlet(bad);
  const dist::MultivariateNormal somewhere(missing, {.covariance_matrix = eye(3)});
  const dist::MultivariateNormal normal(zeros({3}), {.covariance_matrix = eye(3)});
  check_error([&] { categorical.log_prob(classes, seen); }, {"probs[0] = -1"});
  check_error([&] { categorical.expand({3}).mask(seen).sample(); }, {"probs[0] = -1"});
  check_error([&] { dirichlet.log_prob(full({3, 3}, 1.0 / 3), seen); }, {"concentration[0] = -1"});
  check_error([&] { somewhere.log_prob(zeros({3, 3}), seen); }, {"loc[0] = nan"});
  check_error([&] { normal.log_prob(missing, seen); }, {"value[0] = nan"});
  // one row an element: the first one is hidden
  const Tensor rows = where(mask_of({false, true, true}).unsqueeze_right(1), ones({3, 3}), -1.0);
  CHECK_NOTHROW(dist::Categorical({.probs = rows}).log_prob(classes, seen));
}

TEST_CASE("numbers go to a constraint and back") {
  for (const Case& c : cases()) {
    if (c.constraint.is_discrete()) {
      CHECK(has(error_of([&] { biject_to(c.constraint); }), "integer_interval"));
      continue;
    }
    INFO(c.constraint.name());
    const Tensor x = tensor({-3.0, -0.2, 0.0, 2.5});
    const Tensor y = biject_to(c.constraint)(x);
    CHECK(c.constraint.check(y).is_all());
    const Tensor back =
        biject_to(c.constraint).inv(tensor_of({y.data().begin(), y.data().end()}, y.shape()));
    for (Index i = 0; i < 4; ++i) CHECK(back.at({i}) == Approx(x.at({i})).margin(1e-12));
  }
  using transforms::affine;
  const transforms::Transform down = transforms::compose({transforms::exp(), affine(1, -2)});
  CHECK(down.codomain(Kind::real) == constraints::less_than(1));
  const transforms::Transform squeezed =
      transforms::compose({transforms::sigmoid(), affine(1, -2)});
  CHECK(squeezed.codomain(Kind::real) == constraints::interval(-1, 1));
}

TEST_CASE("a constraint without its bounds, or with bounds not in order, is an error") {
  for (const Kind kind : {Kind::greater_than, Kind::greater_than_eq, Kind::less_than,
                          Kind::interval, Kind::half_open_interval, Kind::integer_interval}) {
    const Constraint bare = kind;
    INFO(bare.name());
    const std::string remedy = "constraints::" + bare.name();
    check_error([&] { bare.check(1); }, {"has no bound", remedy.c_str()});
    check_error([&] { bare.holds(1, Mask(true)); }, {"has no bound"});
  }
  using constraints::half_open_interval;
  using constraints::interval;
  check_error([] { biject_to(interval(1, 0)); }, {"biject_to", "must lie in [1, 0]"});
  check_error([] { biject_to(interval(0, tensor({1.0, kNaN}))); }, {"which is no interval"});
  check_error([] { transform_to(half_open_interval(2, 2)); }, {"transform_to", "[2, 2)"});
  // a distribution's bounds are looked at where they are visible
  const distributions::Distribution d =
      distributions::Uniform(tensor({0, 3}), 1).mask(mask_of({true, false}));
  CHECK(d.support().check(d.sample()).at({0}));
  enable_validation(false);
  CHECK(error_of([] { biject_to(interval(1, 0)); }) == "no error");
  enable_validation(true);
}
