// The gradients of every family, against central differences; its moments, against draws.
#include <cmath>

#include "family_cases.hpp"
#include "support.hpp"

using namespace family_cases;

namespace {

// On a simplex only differences between the directions count: see the value at `on_simplex`.
void check_gradients(const std::function<Tensor(std::span<const Tensor>)>& f,
                     const std::vector<Tensor>& inputs, std::size_t on_simplex) {
  const auto exact = value_and_grad(f, inputs);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    std::vector<Real> differences;
    for (std::size_t i = 0; i < inputs[k].data().size(); ++i) {
      const auto shifted = [&](Real by) { return f(moved(inputs, k, i, by)).item(); };
      const Real step = Real(1e-6);
      differences.push_back((shifted(step) - shifted(-step)) / (2 * step));
    }
    Tensor got = exact.grads[k], numeric = tensor(differences, inputs[k].shape());
    if (k == on_simplex) {
      got = got - mean(got, -1, true);
      numeric = numeric - mean(numeric, -1, true);
    }
    for (std::size_t i = 0; i < differences.size(); ++i) {
      INFO("input " << k << ", number " << i);
      CHECK(got.data()[i] == Approx(numeric.data()[i]).epsilon(1e-5).margin(1e-7));
    }
  }
}

}  // namespace

TEST_CASE("gradients by value and parameters are those of central differences") {
  for_each_case([](const Case& c) {
    const std::vector<std::size_t> places = c.differentiable();
    std::vector<Tensor> inputs;
    for (std::size_t k : places) inputs.push_back(c.parameters[k]);
    if (c.is_continuous()) inputs.push_back(c.value);
    const bool is_simplex = c.make().support().kind() == Constraint::Kind::simplex;
    const Tensor weights = exp(spread(kBatch, 7));
    enable_validation(false);  // a shifted number may leave a simplex
    check_gradients(
        [&](std::span<const Tensor> in) {
          std::vector<Tensor> at = c.parameters;
          for (std::size_t i = 0; i < places.size(); ++i) at[places[i]] = in[i];
          const Tensor value = c.is_continuous() ? in[places.size()] : c.value;
          return sum(weights * c.info->make(at).log_prob(value));
        },
        inputs, is_simplex ? places.size() : inputs.size());
    enable_validation(true);
  });
}

TEST_CASE("means, variances and entropies have their shapes and fit draws") {
  for_each_case([](const Case& c) {
    const dist::Distribution d = c.make();
    set_rng_seed(41);
    const Index n = 20'000;
    const Tensor x = d.sample({n});
    const auto moment = [&](auto ask) -> Tensor {
      try {
        return ask();
      } catch (const Error& error) {
        CHECK(has(error.what(), "closed form"));
        return {};
      }
    };
    const Tensor m = moment([&] { return d.mean(); });
    const Tensor v = moment([&] { return d.variance(); });
    const Tensor h = moment([&] { return d.entropy(); });
    if (m.defined()) CHECK(m.shape() == concatenate(d.batch_shape(), d.event_shape()));
    if (h.defined()) CHECK(h.shape() == d.batch_shape());
    if (!m.defined() || !v.defined() || d.event_shape().numel() == 0) return;
    CHECK(v.shape() == m.shape());
    const Tensor got = mean(x, 0);
    for (std::size_t i = 0; i < m.data().size(); ++i) {
      const Real expected = m.data()[i], variance = v.data()[i];
      if (!std::isfinite(expected) || !std::isfinite(variance)) continue;
      const Real error = std::sqrt(variance / static_cast<Real>(n));
      CHECK(std::abs(got.data()[i] - expected) <= Real(4.5) * error + Real(1e-9));
    }
    if (!h.defined() || d.support().kind() == Constraint::Kind::any) return;
    const Tensor surprise = -d.log_prob(x);
    const Tensor average = mean(surprise, 0);
    const Tensor spread_of = mean(square(surprise - average), 0);
    for (std::size_t i = 0; i < h.data().size(); ++i) {
      const Real error = std::sqrt(spread_of.data()[i] / static_cast<Real>(n));
      CHECK(std::abs(average.data()[i] - h.data()[i]) <= Real(4.5) * error + Real(1e-9));
    }
  });
}
