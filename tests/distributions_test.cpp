// What is true of every family, over all of them: a new family is in here by being declared, and
// fails to find its example until it has one.
#include <boost/math/distributions/cauchy.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/laplace.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include <ember/distributions/family.hpp>
#include <ember/distributions/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// Parameters over a batch of (2, 3), in each parameterisation, and a value.
struct Example {
  std::vector<std::vector<Tensor>> parameters;
  Tensor value;
  bool continuous = true;
};

Tensor ramp(const Shape& shape, Real from, Real step) {
  std::vector<Real> values;
  for (Index i = 0; i < shape.numel(); ++i) values.push_back(from + step * static_cast<Real>(i));
  return tensor(values, shape);
}

const Example& example(const std::string& family) {
  const Tensor none;
  const Shape batch{2, 3};
  static const std::map<std::string, Example> examples{
      {"Normal", {{{ramp(batch, -1, 0.3), ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, -0.4)}},
      {"LogNormal", {{{ramp(batch, -1, 0.3), ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, 0.4)}},
      {"HalfNormal", {{{ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, 0.4)}},
      {"HalfCauchy", {{{ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, 0.4)}},
      {"Laplace", {{{ramp(batch, -1, 0.3), ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.33, -0.4)}},
      {"Cauchy", {{{ramp(batch, -1, 0.3), ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, -0.4)}},
      {"StudentT",
       {{{ramp(batch, 0.5, 3.1), ramp(batch, -1, 0.3), ramp(batch, 0.5, 0.2)}},
        ramp(batch, 0.3, -0.4)}},
      {"Uniform", {{{ramp(batch, -1, 0.3), ramp(batch, 2.5, 0.2)}}, ramp(batch, 0.9, 0.2)}},
      {"Exponential", {{{ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, 0.4)}},
      {"Gamma", {{{ramp(batch, 0.5, 3.1), ramp(batch, 0.5, 0.2)}}, ramp(batch, 0.3, 1.4)}},
      {"Beta", {{{ramp(batch, 0.5, 3.1), ramp(batch, 9.1, -1.7)}}, ramp(batch, 0.1, 0.15)}},
      {"Binomial",
       {{{tensor({{1, 2, 3}, {20, 7, 0}}), ramp(batch, 0.1, 0.15), none},
         {tensor({{1, 2, 3}, {20, 7, 0}}), none, ramp(batch, -2, 0.7)}},
        tensor({{0, 1, 3}, {12, 7, 0}}),
        false}},
      {"Bernoulli",
       {{{ramp(batch, 0.1, 0.15), none}, {none, ramp(batch, -2, 0.7)}},
        tensor({{0, 1, 1}, {1, 0, 0}}),
        false}},
      {"Poisson",
       {{{ramp(batch, 0.5, 0.9), none}, {none, ramp(batch, -1, 0.5)}},
        tensor({{0, 1, 3}, {2, 7, 0}}),
        false}},
      {"Categorical",
       {{{ramp({2, 3, 4}, 0.1, 0.2), none}, {none, ramp({2, 3, 4}, -1, 0.17)}},
        tensor({{0, 1, 3}, {2, 3, 0}}),
        false}},
      {"Delta", {{{ramp(batch, -1, 0.3), ramp(batch, 0, 0.1), 0}}, ramp(batch, -1, 0.3), false}},
      {"Unit", {{{ramp(batch, -1, 0.3)}}, zeros({2, 3, 0}), false}},
  };
  return examples.at(family);
}

// Calls f(info, parameters, example) for every family and parameterisation.
void for_each_family(const std::function<void(const dist::FamilyInfo&, const std::vector<Tensor>&,
                                              const Example&)>& f) {
  for (const dist::FamilyInfo* info : dist::all_families()) {
    const Example& e = example(info->name);
    for (const std::vector<Tensor>& parameters : e.parameters) {
      INFO(info->name);
      f(*info, parameters, e);
    }
  }
}

// x with `bad` where the mask over its batch hides it.
Tensor spoil(const Tensor& x, const Mask& mask, Real bad) {
  Mask wide = mask;
  while (wide.shape().rank() < x.shape().rank()) wide = wide.unsqueeze_right(1);
  return x.numel() == 0 ? x : where(wide, x, bad);
}

}  // namespace

TEST_CASE("expand, mask and to_event in every order give the same density") {
  const Mask mask = mask_of({true, false, true, true, true, false}, {2, 3});
  for_each_family([&](const auto& info, const auto& parameters, const Example& e) {
    const dist::Distribution d = info.make(parameters);
    REQUIRE(d.batch_shape() == Shape{2, 3});
    const Tensor plain = d.log_prob(e.value);
    REQUIRE(plain.shape() == Shape{2, 3});
    const Tensor masked = where(mask, plain, 0);
    CHECK(same_bits(d.mask(mask).log_prob(e.value), masked));
    const Tensor rows = sum(masked, -1);
    for (const auto& wrapped :
         {d.mask(mask).to_event(1), d.expand({2, 3}).mask(mask).to_event(1),
          d.mask(true).mask(mask).to_event(0).to_event(1), d.mask(mask).mask(mask).to_event(1)}) {
      CHECK(wrapped.batch_shape() == Shape{2});
      CHECK(wrapped.event_shape() == concatenate(Shape{3}, d.event_shape()));
      const Tensor got = wrapped.log_prob(e.value);
      for (Index i = 0; i < 2; ++i) CHECK(got.at({i}) == Approx(rows.at({i})));
      CHECK(wrapped.log_prob_sum(e.value).item() == Approx(sum(rows).item()));
    }
    const Mask per_row = mask_of({true, false});
    const Tensor hidden_row = d.to_event(1).mask(per_row).log_prob(e.value);
    CHECK(hidden_row.at({1}) == 0);
    CHECK(hidden_row.at({0}) == Approx(sum(plain, -1).at({0})));
    CHECK(d.expand({4, 2, 3}).log_prob(e.value).shape() == Shape{4, 2, 3});
    CHECK(has(error_of([&] { d.to_event(1).mask(Mask::filled({3, 2}, true)); }), "to_event"));
    CHECK(has(error_of([&] { d.expand({2, 4}); }), "(2, 4)"));
    CHECK(has(error_of([&] { d.to_event(3); }), "to_event(3)"));
  });
}

TEST_CASE("what a mask hides changes no bit of densities and gradients, and has gradient 0") {
  const Mask dense = mask_of({true, false, true, true, true, false}, {2, 3});
  const Mask sparse = mask_of({false, false, true, false, false, false}, {2, 3});
  for_each_family([&](const auto& info, const auto& parameters, const Example& e) {
    for (const Mask& mask : {dense, sparse}) {
      for (const Real bad : {kNaN, std::numeric_limits<Real>::infinity(), Real(-1e9)}) {
        std::vector<Tensor> inputs{e.value}, spoiled{spoil(e.value, mask, bad)};
        std::vector<std::size_t> places;
        for (std::size_t k = 0; k < parameters.size(); ++k) {
          if (!parameters[k].defined() || parameters[k].dim() == 0) continue;
          places.push_back(k);
          inputs.push_back(parameters[k]);
          spoiled.push_back(spoil(parameters[k], mask, bad));
        }
        const auto density = [&](std::span<const Tensor> in) {
          std::vector<Tensor> at = parameters;
          for (std::size_t i = 0; i < places.size(); ++i) at[places[i]] = in[i + 1];
          return sum(info.make(at).mask(mask).log_prob(in[0]));
        };
        const auto clean = value_and_grad(density, inputs);
        const auto dirty = value_and_grad(density, spoiled);
        CHECK(std::memcmp(&clean.value, &dirty.value, sizeof(Real)) == 0);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          CHECK(same_bits(clean.grads[i], dirty.grads[i]));
          CHECK(same_bits(dirty.grads[i], spoil(dirty.grads[i], mask, 0)));
        }
      }
    }
  });
}

TEST_CASE("gradients by value and parameters are those of central differences") {
  for_each_family([&](const auto& info, const auto& parameters, const Example& e) {
    if (std::string(info.name) == "Delta" || std::string(info.name) == "Unit") return;
    std::vector<Tensor> inputs;
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      if (!parameters[k].defined() || Constraint(info.parameters[k].kind).is_discrete()) continue;
      places.push_back(k);
      inputs.push_back(parameters[k]);
    }
    if (e.continuous) inputs.push_back(e.value);
    const Tensor weights = ramp({2, 3}, 0.5, 0.3);
    const auto density = [&](std::span<const Tensor> in) {
      std::vector<Tensor> at = parameters;
      for (std::size_t i = 0; i < places.size(); ++i) at[places[i]] = in[i];
      return sum(weights * info.make(at).log_prob(e.continuous ? in[places.size()] : e.value));
    };
    const auto exact = value_and_grad(density, inputs);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      for (std::size_t i = 0; i < inputs[k].data().size(); ++i) {
        const auto shifted = [&](Real by) {
          std::vector<Real> values(inputs[k].data().begin(), inputs[k].data().end());
          values[i] += by;
          std::vector<Tensor> at = inputs;
          at[k] = tensor(values, inputs[k].shape());
          return density(at).item();
        };
        const Real step = Real(1e-6);
        const Real numeric = (shifted(step) - shifted(-step)) / (2 * step);
        CHECK(exact.grads[k].data()[i] == Approx(numeric).epsilon(1e-6).margin(1e-7));
      }
    }
  });
}

TEST_CASE("batches without elements work") {
  for_each_family([&](const auto& info, const auto& parameters, const Example& e) {
    std::vector<Tensor> empty;
    for (const Tensor& p : parameters) {
      empty.push_back(p.defined() && p.dim() > 0 ? p.slice(0, 0, 0) : p);
    }
    const dist::Distribution d = info.make(empty);
    CHECK(d.batch_shape() == Shape{0, 3});
    CHECK(d.log_prob(e.value.slice(0, 0, 0)).shape() == Shape{0, 3});
    CHECK(d.to_event(1).log_prob_sum(e.value.slice(0, 0, 0)).item() == 0);
    CHECK(d.sample().numel() == 0);
    CHECK(d.mask(Mask::filled({0, 3}, false)).log_prob(e.value.slice(0, 0, 0)).numel() == 0);
  });
}

TEST_CASE("a distribution comes back from JSON with the same bits") {
  const Mask mask = mask_of({true, false, true, true, true, false}, {2, 3});
  for_each_family([&](const auto& info, const auto& parameters, const Example& e) {
    for (const dist::Distribution& d :
         {info.make(parameters), info.make(parameters).mask(mask).to_event(1),
          info.make(parameters).expand({4, 2, 3}).to_event(2)}) {
      const nlohmann::json j = nlohmann::json::parse(to_json(d).dump());
      const dist::Distribution back = distribution_from_json(j, "");
      CHECK(back.name() == d.name());
      CHECK(back.batch_shape() == d.batch_shape());
      CHECK(back.event_shape() == d.event_shape());
      CHECK(same_bits(back.log_prob(e.value), d.log_prob(e.value)));
      CHECK(to_json(back) == j);
    }
  });
}

TEST_CASE("bad values and parameters are errors with index, value and rule") {
  const std::string scale = error_of([] {
    dist::Normal(0, tensor({1.0, -2.0})).log_prob(zeros({2}));
  });
  INFO(scale);
  CHECK(has(scale, "Normal"));
  CHECK(has(scale, "scale[1] = -2"));
  CHECK(has(scale, "must be positive"));
  CHECK(has(error_of([] { dist::Poisson(1).log_prob(tensor({1.0, 2.5})); }), "value[1] = 2.5"));
  CHECK(
      has(error_of([] { dist::Categorical({.logits = zeros({3})}).log_prob(3); }), "from 0 to 2"));
  CHECK(has(error_of([] { dist::Normal(kNaN, 1).log_prob(0); }), "loc = nan must not be NaN"));
  CHECK(has(error_of([] { dist::HalfNormal(1).log_prob(-1); }), "must not be negative"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 1.5}).sample(); }), "must lie in [0, 1]"));
  CHECK(has(error_of([] { dist::Bernoulli({}); }), "exactly one of .probs, .logits"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 0.5, .logits = 0}); }), ".probs and .logits"));
  CHECK(has(error_of([] { dist::Normal(Tensor(), 1); }), ".loc"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), ones({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), 1).log_prob(zeros({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Categorical({.logits = 1.0}); }), "logits"));
  const std::string uniform = error_of([] {
    dist::Uniform(zeros({2}), tensor({1.0, -1.0})).sample();
  });
  CHECK(has(uniform, "high[1] = -1 must be greater than 0"));
  const std::string binomial = error_of([] {
    dist::Binomial(tensor({3, 5}), {.probs = 0.5}).log_prob(tensor({3, 6}));
  });
  CHECK(has(binomial, "value[1] = 6 must be a whole number from 0 to 5"));
  CHECK(has(error_of([] { dist::Uniform(0, 2).log_prob(2.5); }), "must lie in [0, 2]"));
  CHECK(
      has(error_of([] { dist::Binomial({.total_count = 3}); }), "exactly one of .probs, .logits"));
  CHECK(
      has(error_of([] { dist::Binomial(3, {.probs = 0.5, .logits = 0}); }), ".probs and .logits"));
  CHECK(has(error_of([] { dist::Binomial({.probs = 0.5}); }), "total_count"));
  CHECK(has(error_of([] { dist::Binomial(2.5, {.probs = 0.5}).sample(); }), "whole number"));
  CHECK(has(error_of([] {
              dist::Binomial(tensor({3, 4}), {.logits = 0}).enumerate_support();
            }),
            "different total_count"));
  CHECK(dist::Binomial(3, {.logits = 0}).enumerate_support().shape() == Shape{4});
  enable_validation(false);
  CHECK(std::isnan(dist::Normal(0, -1).log_prob(0).item()));
  enable_validation(true);
}

TEST_CASE("distribution functions and their inverses") {
  const Tensor x = tensor({0.2, 0.9, 2.5});
  const auto check = [&](const dist::Distribution& d, const std::function<double(double)>& cdf) {
    const Tensor p = d.cdf(x);
    const Tensor back = d.icdf(p);
    for (Index i = 0; i < 3; ++i) {
      CHECK(static_cast<double>(p.at({i})) ==
            Approx(cdf(static_cast<double>(x.at({i})))).epsilon(1e-12));
      CHECK(back.at({i}) == Approx(x.at({i})).epsilon(1e-9));
    }
  };
  namespace bm = boost::math;
  check(dist::Normal(0.3, 1.7), [](double v) { return bm::cdf(bm::normal(0.3, 1.7), v); });
  check(dist::HalfNormal(1.7), [](double v) { return 2 * bm::cdf(bm::normal(0, 1.7), v) - 1; });
  check(dist::HalfCauchy(1.7), [](double v) { return 2 / M_PI * std::atan(v / 1.7); });
  check(dist::LogNormal(0.3, 0.7), [](double v) { return bm::cdf(bm::lognormal(0.3, 0.7), v); });
  check(dist::Laplace(0.5, 1.7), [](double v) { return bm::cdf(bm::laplace(0.5, 1.7), v); });
  check(dist::Cauchy(0.5, 1.7), [](double v) { return bm::cdf(bm::cauchy(0.5, 1.7), v); });
  check(dist::Cauchy(2.4, 1e-9), [](double v) { return bm::cdf(bm::cauchy(2.4, 1e-9), v); });
  check(dist::Exponential(1.7), [](double v) { return bm::cdf(bm::exponential(1.7), v); });
  check(dist::Uniform(-0.5, 3), [](double v) { return bm::cdf(bm::uniform(-0.5, 3), v); });
  CHECK(dist::Uniform(-0.5, 3).cdf(4).item() == 1);
  check(dist::Transformed(dist::Normal(0.3, 0.7), {transforms::exp()}),
        [](double v) { return bm::cdf(bm::lognormal(0.3, 0.7), v); });
}
