// What is true of every family: wrappers, masks, empty batches, files, errors.
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include <ember/distributions/json.hpp>

#include "family_cases.hpp"
#include "support.hpp"

using namespace family_cases;
using namespace std::string_literals;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Mask kDense = mask_of({true, false, true, true, true, false}, {2, 3});
const Mask kSparse = mask_of({false, false, true, false, false, false}, {2, 3});

}  // namespace

TEST_CASE("expand, mask and to_event in every order give the same density") {
  for_each_case([](const Case& c) {
    const dist::Distribution d = c.make();
    REQUIRE(d.batch_shape() == kBatch);
    const Tensor plain = d.log_prob(c.value);
    REQUIRE(plain.shape() == kBatch);
    CHECK(isfinite(plain).is_all());
    const Tensor masked = where(kDense, plain, 0);
    CHECK(same_bits(d.mask(kDense).log_prob(c.value), masked));
    const Tensor rows = sum(masked, -1);
    for (const auto& wrapped :
         {d.mask(kDense).to_event(1), d.expand(kBatch).mask(kDense).to_event(1),
          d.mask(true).mask(kDense).to_event(0).to_event(1),
          d.mask(kDense).mask(kDense).to_event(1), d.expand({4, 2, 3}).mask(kDense).to_event(1)}) {
      CHECK(wrapped.event_shape() == concatenate(Shape{3}, d.event_shape()));
      const Tensor got = wrapped.log_prob(c.value);
      CHECK(got.shape() == wrapped.batch_shape());
      for (std::size_t i = 0; i < got.data().size(); ++i) {
        CHECK(got.data()[i] == Approx(rows.data()[i % 2]));
      }
      const Real total = sum(got).item();
      CHECK(wrapped.log_prob_sum(c.value).item() == Approx(total).margin(1e-12));
    }
    const Tensor hidden_row = d.to_event(1).mask(mask_of({true, false})).log_prob(c.value);
    CHECK(hidden_row.at({1}) == 0);
    CHECK(hidden_row.at({0}) == Approx(sum(plain, -1).at({0})));
    CHECK(has(error_of([&] { d.to_event(1).mask(Mask::filled({3, 2}, true)); }), "to_event"));
    CHECK(has(error_of([&] { d.expand({2, 4}); }), "(2, 4)"));
    CHECK(has(error_of([&] { d.to_event(3); }), "to_event(3)"));
  });
}

TEST_CASE("what a mask hides changes no bit of densities and gradients, and has gradient 0") {
  for_each_case([](const Case& c) {
    const std::vector<std::size_t> places = c.differentiable();
    for (const Mask& mask : {kDense, kSparse}) {
      for (const Real bad : {kNaN, std::numeric_limits<Real>::infinity(), Real(-1e9)}) {
        std::vector<Tensor> clean{c.value}, spoiled{spoil(c.value, mask, bad)};
        for (std::size_t k : places) {
          clean.push_back(c.parameters[k]);
          spoiled.push_back(spoil(c.parameters[k], mask, bad));
        }
        // parameters that are made, not given: NaN must not travel further up either
        const auto density = [&](std::span<const Tensor> in) {
          std::vector<Tensor> at = c.parameters;
          for (std::size_t i = 0; i < places.size(); ++i) at[places[i]] = in[i + 1] * 1.0;
          return sum(c.info->make(at).mask(mask).log_prob(in[0] * 1.0));
        };
        const auto expected = value_and_grad(density, clean);
        const auto got = value_and_grad(density, spoiled);
        CHECK(std::memcmp(&expected.value, &got.value, sizeof(Real)) == 0);
        for (std::size_t i = 0; i < clean.size(); ++i) {
          CHECK(same_bits(expected.grads[i], got.grads[i]));
          CHECK(same_bits(got.grads[i], spoil(got.grads[i], mask, 0)));
        }
      }
    }
  });
}

TEST_CASE("hidden elements are drawn as a fixed value of the support, whatever their parameters") {
  for_each_case([](const Case& c) {
    std::vector<Tensor> spoiled = c.parameters;
    for (std::size_t k : c.differentiable()) spoiled[k] = spoil(spoiled[k], kDense, kNaN);
    const dist::Distribution d = c.info->make(spoiled).mask(kDense);
    const Tensor x = d.sample({5});
    CHECK(x.shape() == concatenate(Shape{5, 2, 3}, d.event_shape()));
    if (x.numel() == 0) return;
    const Mask hidden = !kDense.broadcast_to({5, 2, 3});
    CHECK(same_bits(spoil(x, hidden, 0), spoil(d.sample({5}), hidden, 0)));
    CHECK(isfinite(c.make().mask(kDense).log_prob(x)).is_all());
    // bounds that are hidden parameters may be anything
    if (!d.support().lower().defined()) CHECK(d.support().check(x).is_all());
  });
}

TEST_CASE("batches without elements work") {
  for_each_case([](const Case& c) {
    std::vector<Tensor> empty;
    for (const Tensor& p : c.parameters) {
      empty.push_back(p.defined() && p.dim() > 0 ? p.slice(0, 0, 0) : p);
    }
    const dist::Distribution d = c.info->make(empty);
    const Tensor value = c.value.slice(0, 0, 0);
    CHECK(d.batch_shape() == Shape{0, 3});
    CHECK(d.log_prob(value).shape() == Shape{0, 3});
    CHECK(d.to_event(1).log_prob_sum(value).item() == 0);
    CHECK(d.sample().shape() == value.shape());
    CHECK(d.mask(Mask::filled({0, 3}, false)).log_prob(value).numel() == 0);
  });
}

TEST_CASE("a distribution comes back from JSON with the same bits") {
  for_each_case([](const Case& c) {
    for (const dist::Distribution& d :
         {c.make(), c.make().mask(kDense).to_event(1), c.make().expand({4, 2, 3}).to_event(2)}) {
      const nlohmann::json j = nlohmann::json::parse(to_json(d).dump());
      const dist::Distribution back = distribution_from_json(j, "");
      CHECK(back.name() == d.name());
      CHECK(back.batch_shape() == d.batch_shape());
      CHECK(back.event_shape() == d.event_shape());
      CHECK(back.support() == d.support());
      CHECK(same_bits(back.log_prob(c.value), d.log_prob(c.value)));
      CHECK(to_json(back) == j);
      const nlohmann::json support = nlohmann::json::parse(to_json(d.support()).dump());
      CHECK(constraint_from_json(support, "") == d.support());
    }
  });
}

TEST_CASE("a bad parameter or value is an error that names site, number and rule") {
  const Mask all_but_one = mask_of({true, true, true, true, false, true}, {2, 3});
  for_each_case([&](const Case& c) {
    for (std::size_t k : c.differentiable()) {
      if (c.info->parameters[k].kind == Constraint::Kind::any) continue;
      std::vector<Tensor> bad = c.parameters;
      bad[k] = spoil(bad[k], all_but_one, kNaN);
      const std::string text = error_of([&] {
        const auto statement = [&] { sample("y", c.info->make(bad), {.obs = c.value}); };
        handlers::trace(statement).get_trace().log_prob_sum();
      });
      INFO(text);
      CHECK(has(text, "site 'y'"));
      CHECK(has(text, c.info->name));
      CHECK(has(text, (c.info->parameters[k].name + "[1, 1"s).c_str()));
      CHECK(has(text, " must "));
      CHECK(error_of([&] { c.info->make(bad).mask(all_but_one).log_prob(c.value); }) == "no error");
    }
    if (c.make().support().kind() == Constraint::Kind::any) return;
    const std::string text =
        error_of([&] { c.make().log_prob(spoil(c.value, all_but_one, kNaN)); });
    INFO(text);
    CHECK(has(text, "value[1, 1"));
    CHECK(has(text, " must "));
  });
}
