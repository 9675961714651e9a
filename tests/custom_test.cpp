// Families of a user's own, against built-in ones and by what is true of all families.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <ember/distributions/family.hpp>
#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// The normal distribution again, as a user would write it.
struct Bell : dist::Custom {
  Bell(const Tensor& m, const Tensor& s)
      : Custom(this, "Bell", {{"loc", m}, {"scale", s, constraints::positive}}), loc(m), scale(s) {}

  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor sample(const Shape& shape) const override {
    return loc + scale * dist::Normal(0, 1).sample(shape);
  }
  Tensor log_prob(const Tensor& x) const override {
    return -square((x - loc) / scale) / 2 - log(scale) - 0.5 * std::log(2 * M_PI);
  }
  Tensor mean() const override { return loc; }

  Tensor loc, scale;
};

// P(x) = weights[x] / sum(weights): indexes a table, so that a hidden value must not get here.
struct Weighted : dist::Custom {
  explicit Weighted(const Tensor& w)
      : Custom(this, "Weighted",
               {{"weights", w, constraints::independent(constraints::positive, 1)}}),
        weights(w) {}

  Constraint support() const override {
    return constraints::integer_interval(0, weights.shape().from_right(1) - 1);
  }
  Tensor sample(const Shape& shape) const override {
    return dist::Categorical({.probs = weights}).expand(shape).sample();
  }
  Tensor log_prob(const Tensor& x) const override {
    return log(index_select(weights, 0, x)) - log(sum(weights, -1));
  }

  Tensor weights;
};

// Points on a line through a distribution of its own: an event of two numbers.
struct Pair : dist::Custom {
  explicit Pair(const Tensor& s)
      : Custom(this, "Pair", {{"scale", s, constraints::positive}}), scale(s) {}

  Constraint support() const override { return constraints::independent(constraints::real, 1); }
  Shape event_shape() const override { return {2}; }
  Tensor sample(const Shape& shape) const override {
    return scale.reshape(concatenate(scale.shape(), Shape{1})) *
           dist::Normal(0, 1).sample(concatenate(shape, {2}));
  }
  Tensor log_prob(const Tensor& x) const override {
    return dist::Normal(0, scale).log_prob(select(x, -1, 0)) +
           dist::Normal(0, scale).log_prob(select(x, -1, 1));
  }

  Tensor scale;
};

// The sum of as many normal numbers as there are parameters.
struct Sum : dist::Custom {
  explicit Sum(const std::vector<Tensor>& ms) : Custom(this, "Sum", named(ms)), means(ms) {}

  static std::vector<Parameter> named(const std::vector<Tensor>& ms) {
    std::vector<Parameter> all;
    for (const Tensor& m : ms) all.push_back({"m" + std::to_string(all.size()), m});
    return all;
  }
  dist::Normal whole() const {
    Tensor total = 0;
    for (const Tensor& m : means) total = total + m;
    return {total, std::sqrt(static_cast<Real>(means.size()))};
  }
  Constraint support() const override { return constraints::real; }
  Tensor sample(const Shape& shape) const override { return whole().expand(shape).sample(); }
  Tensor log_prob(const Tensor& x) const override { return whole().log_prob(x); }

  std::vector<Tensor> means;
};

struct Heir : Bell {
  using Bell::Bell;
};

struct Misshapen : dist::Custom {
  Misshapen() : Custom(this, "Misshapen", {}) {}
  Constraint support() const override { return constraints::real; }
  Tensor sample(const Shape&) const override { return zeros({7}); }
  Tensor log_prob(const Tensor&) const override { return zeros({7}); }
};

struct Capped : dist::Custom {
  Capped() : Custom(this, "Capped", {{"top", 1, constraints::less_than(3)}}) {}
  Constraint support() const override { return constraints::real; }
  Tensor sample(const Shape& shape) const override { return zeros(shape); }
  Tensor log_prob(const Tensor& x) const override { return x; }
};

struct Careless : dist::Custom {
  Careless() : Custom(this, "Careless", {}) {}
  Constraint support() const override { return constraints::real; }
  Tensor sample(const Shape& shape) const override { return zeros(shape); }
  Tensor log_prob(const Tensor& x) const override { return log(x); }
};

struct Namesake : dist::Custom {
  explicit Namesake(const char* name) : Custom(this, name, {}) {}
  Constraint support() const override { return constraints::real; }
  Tensor sample(const Shape& shape) const override { return zeros(shape); }
  Tensor log_prob(const Tensor& x) const override { return x; }
};

}  // namespace

TEST_CASE("a custom family agrees with the built-in one, wrappers included") {
  const Tensor loc = tensor({{0.3, kNaN, 1}, {0.1, 0.2, 2}});
  const Tensor scale = tensor({0.5, 2, 1.5});
  const Tensor x = tensor({{0.2, 1, kNaN}, {-0.4, 1, 2}});
  const Mask mask = mask_of({true, false, false, true, true, false}, {2, 3});
  const auto total = [&](auto make) {
    return [&, make](std::span<const Tensor> in) {
      const dist::Distribution d = make(in[0], in[1]).mask(mask).to_event(1);
      return sum(d.log_prob(in[2]) * tensor({1.0, 3.0}));
    };
  };
  const auto bell = [](const Tensor& m, const Tensor& s) { return Bell(m, exp(log(s))); };
  const auto normal = [](const Tensor& m, const Tensor& s) { return dist::Normal(m, exp(log(s))); };
  const auto got = value_and_grad(total(bell), {loc, scale, x});
  const auto expected = value_and_grad(total(normal), {loc, scale, x});
  CHECK(got.value == Approx(expected.value));
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(isfinite(got.grads[k]).is_all());
    for (std::size_t i = 0; i < got.grads[k].data().size(); ++i) {
      CHECK(got.grads[k].data()[i] == Approx(expected.grads[k].data()[i]).margin(1e-12));
    }
  }
  CHECK(same_bits(got.grads[0], where(mask, got.grads[0], 0)));
  CHECK(same_bits(got.grads[2], where(mask, got.grads[2], 0)));
  const dist::Distribution d = Bell(0, 1);
  CHECK(d.expand({4, 1}).to_event(1).event_shape() == Shape{1});
  CHECK(d.log_prob_sum(zeros({3})).item() == Approx(3 * d.log_prob(0).item()));
  CHECK(Bell(zeros({2}), 1).expand({3, 2}).mean().shape() == Shape{3, 2});
  CHECK(Bell(zeros({0}), 1).to_event(1).log_prob(zeros({0})).item() == 0);
}

TEST_CASE("draws of a custom family hang on the seed and the site alone") {
  const dist::Distribution d = Bell(tensor({1.0, kNaN}), tensor({2.0, 1.0}));
  const dist::Distribution masked = d.mask(mask_of({true, false}));
  const auto run = [&](bool disturbed) {
    set_rng_seed(5);
    if (disturbed) dist::Normal(0, 1).sample({3});
    const Tensor a = masked.sample(Name("site"), {4});
    const Tensor b = masked.sample(Name("site"), {4});
    CHECK(!same_bits(a, b));
    return a;
  };
  const Tensor x = run(false);
  CHECK(x.shape() == Shape{4, 2});
  CHECK(same_bits(x, run(true)));
  CHECK((select(x, 1, 1) == 0).is_all());
  CHECK((select(x, 1, 0) != 0).is_all());
  CHECK(has(error_of([&] { d.sample(); }), "loc[1] = nan"));
  const auto slope = value_and_grad(
      [](std::span<const Tensor> in) {
        return sum(dist::Distribution(Bell(in[0], 1)).sample({5}));
      },
      {Tensor(0.5)});
  CHECK(slope.grads[0].item() == 5);
  const auto none = value_and_grad(
      [](std::span<const Tensor> in) {
        return sum(dist::Distribution(Pair(in[0])).sample({5})) + in[0];
      },
      {Tensor(0.5)});
  CHECK(none.grads[0].item() == 1);  // without has_rsample() draws are constants
}

TEST_CASE("hidden values never reach a custom family's code") {
  const Mask mask = mask_of({true, false, true});
  const dist::Distribution table = Weighted(tensor({1.0, 2.0, 5.0})).expand({3}).mask(mask);
  const Tensor density = table.log_prob(tensor({2.0, kNaN, 1.0}));
  CHECK(density.at({0}) == Approx(std::log(5.0 / 8)));
  CHECK(density.at({1}) == 0);
  CHECK(density.at({2}) == Approx(std::log(2.0 / 8)));
  CHECK(table.sample().at({1}) == 0);
  CHECK(has(error_of([&] { table.log_prob(tensor({2.0, 0.0, 9.0})); }), "value[2] = 9"));
  // validation inside must not see hidden parameters
  const Tensor scale = tensor({1.0, -3.0, 2.0});
  const Tensor x = tensor({{0.1, 0.2}, {kNaN, kNaN}, {0.3, 0.4}});
  const auto total = [&](std::span<const Tensor> in) {
    return sum(Pair(in[0]).mask(mask).log_prob(in[1]));
  };
  const auto result = value_and_grad(total, {scale, x});
  CHECK(std::isfinite(result.value));
  for (const Tensor& grad : result.grads) CHECK(isfinite(grad).is_all());
  CHECK(result.grads[0].at({1}) == 0);
  CHECK(result.grads[1].at({1, 0}) == 0);
  CHECK(result.grads[1].at({2, 1}) == Approx(-0.4 / 4));
  CHECK(validation_enabled());
}

TEST_CASE("a custom family in a model: plates, masks, obs_mask, traces, files") {
  const Tensor y = tensor({{0.1, kNaN, 0.3}, {1, 2, kNaN}});
  const Mask seen = !isnan(y);
  const auto model = [&](auto make) {
    return [&, make] {
      const Tensor z = sample("z", make(0, 2));
      plate rows("rows", 2, {.dim = -2});
      plate columns("columns", 3, {.dim = -1});
      with inside(h::mask(seen));
      sample("y", make(z, 1), {.obs = y});
      sample("w", make(z, 1), {.obs = y, .obs_mask = seen});
    };
  };
  const auto bell = [](const Tensor& m, const Tensor& s) { return dist::Distribution(Bell(m, s)); };
  const auto normal = [](const Tensor& m, const Tensor& s) {
    return dist::Distribution(dist::Normal(m, s));
  };
  const auto traced = [&](auto make) {
    return h::trace(h::condition(h::seed(model(make), 3), {{"z", 0.4}})).get_trace();
  };
  const Trace got = traced(bell);
  const Trace expected = traced(normal);
  CHECK(got["y"].log_prob_sum().item() == Approx(expected["y"].log_prob_sum().item()));
  CHECK(got["w_observed"].log_prob_sum().item() ==
        Approx(expected["w_observed"].log_prob_sum().item()));
  CHECK(got["y"].mask == seen);
  CHECK(got["z"].distribution.name() == "Bell");
  // a program without the family keeps it as data
  const nlohmann::json text = got.to_json();
  const Trace again = Trace::from_json(text);
  CHECK(is_unknown(again["y"].distribution));
  CHECK(same_bits(again["y"].log_prob(), got["y"].log_prob()));
  CHECK(again["y"].distribution.batch_shape() == Shape{2, 3});
  CHECK(again.to_json() == text);
  CHECK(has(again.format_table(), "Bell (unknown)"));
  CHECK(again["y"].distribution.name() == std::string("Bell (unknown)"));
  CHECK(error_of([&] { again["y"].distribution.sample(); }) ==
        "family 'Bell': this program does not know it; only its shapes and the densities that the "
        "file has can be read");
}

TEST_CASE("SVI learns through a custom family") {
  param_store().clear();
  set_rng_seed(8);
  const Tensor y = tensor({1.0, kNaN, 2.5, 0.5, 3.0});
  const auto model = [&] {
    const Tensor mu = sample("mu", Bell(1, 2));
    plate p("p", 5);
    with inside(h::mask(!isnan(y)));
    sample("y", Bell(mu, 1.5), {.obs = y});
  };
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = std::pow(0.01, 1.0 / 1500)}),
                 infer::TraceELBO({.num_particles = 4}));
  svi.run(1500, {});
  const double precision = 0.25 + 4 / 2.25;
  CHECK(guide.median()["mu"].item() == Approx((0.25 + 7 / 2.25) / precision).margin(0.05));
}

TEST_CASE("mistakes in a custom family are named") {
  CHECK(has(error_of([] { Bell(0, -1).mask(true).log_prob(0); }), "Bell: scale = -1"));
  CHECK(has(error_of([] { Bell(Tensor(), 1).to_event(0); }), ".loc"));
  CHECK(has(error_of([] { Bell(zeros({2}), ones({3})).to_event(0); }), "(3,)"));
  CHECK(has(error_of([] { Bell(0, 1).mask(true).variance(); }), "override variance"));
  CHECK(has(error_of([] { static_cast<void>(dist::Distribution{Heir(0, 1)}); }),
            "Custom(this, name, parameters)"));
  CHECK(has(error_of([] { Namesake("Normal"); }), "'Normal'"));
  CHECK(has(error_of([] { Capped(); }), "Capped: parameter top has a constraint with bounds"));
  CHECK(has(error_of([] { Misshapen().mask(true).log_prob(zeros({2})); }), "(7,)"));
  CHECK(has(error_of([] { Misshapen().mask(true).sample({2}); }), "(2,)"));
  CHECK(has(error_of([] {
              Careless().mask(true).log_prob(tensor({1.0, -1.0}));
            }),
            "log_prob[1] = nan must not be NaN"));
}

TEST_CASE("a family may have any number of parameters") {
  std::vector<Tensor> means;
  for (Index k = 0; k < 20; ++k) means.push_back(tensor({0.1, 0.2}) * static_cast<Real>(k));
  const auto density = [](std::span<const Tensor> in) {
    return sum(Sum({in.begin(), in.end()}).mask(mask_of({true, false})).log_prob(3));
  };
  const auto [value, grads] = value_and_grad(density, means);
  CHECK(value == Approx(dist::Normal(19, std::sqrt(20.0)).log_prob(3).item()));
  for (const Tensor& grad : grads) {
    CHECK(grad.at({0}) == Approx(-16 / 20.0));
    CHECK(grad.at({1}) == 0);
  }
  const dist::Distribution d = Sum(means);
  CHECK(d.family().parameters().size() == 20);
  CHECK(d.batch_shape() == Shape{2});
  means[17] = tensor({0.1, kNaN});
  CHECK(has(error_of([&] { dist::Distribution(Sum(means)).log_prob(3); }), "m17[1]"));
}
