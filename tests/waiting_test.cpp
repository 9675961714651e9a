// Values that wait: a density computes the rows that it keeps and no other, forward and backward;
// whoever asks for the whole gets what an operator that does not wait gives.
#include <ember/ember.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include <ember/core/owed.hpp>

#include "catch.hpp"
#include "operator_case.hpp"
#include "support.hpp"
#include "waiting.hpp"

using namespace ember;
using ember::testing::numbers;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

using Logits = std::function<Tensor(std::span<const Tensor>)>;

// The masked log density of categories under logits, once with rows alone and once with all.
void check_rows(const Logits& logits, const std::vector<Tensor>& inputs, const Mask& mask,
                const Tensor& categories) {
  const auto joint = [&](std::span<const Tensor> in, bool all) {
    const Tensor l = logits(in);
    REQUIRE(detail::waits(l));
    const dist::Categorical d({.logits = all ? settled(l) : l});
    const Tensor result = d.mask(mask).log_prob_sum(categories);
    CHECK(detail::waits(l) == !all);
    return result;
  };
  const auto rows = value_and_grad([&](auto in) { return joint(in, false); }, inputs);
  const auto whole = value_and_grad([&](auto in) { return joint(in, true); }, inputs);
  CHECK(rows.value == Approx(whole.value).epsilon(1e-13));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor difference = max(abs(rows.grads[k] - whole.grads[k]));
    CHECK(difference.item() <= 1e-12 * (1 + max(abs(whole.grads[k])).item()));
  }
}

const Tensor kX = numbers({128, 8}, -1, 1, 1);
const Tensor kW = numbers({8, 160}, -1, 1, 2);
const Tensor kCategories = floor(numbers({128, 16}, 0, 10, 3));

}  // namespace

TEST_CASE("a density that keeps few rows computes those alone, and gives what all of them give") {
  for (const double kept : {0.3, 0.05, 0.002}) {
    const Mask mask = random_mask({128, 16}, kept, 4);
    INFO(kept);
    check_rows(
        [](auto in) {
          return reshape(matmul(in[0], in[1]), {128, 16, 10});
        },
        {kX, kW}, mask, kCategories);
    check_rows(
        [](auto in) {
          return reshape(matmul(in[0], in[1]) + in[2], {128, 16, 10});
        },
        {kX, kW, numbers({160}, -1, 1, 5)}, mask, kCategories);
    check_rows(
        [](auto in) {
          const Tensor product = reshape(matmul(in[0], in[1]), {128, 16, 10});
          return tanh(in[2] * product - in[3]) + detach(product);
        },
        {kX, kW, numbers({16, 1}, -1, 1, 6), numbers({128, 1, 10}, -1, 1, 7)}, mask, kCategories);
    check_rows(
        [](auto in) {
          return reshape(matmul(in[0], transpose(in[1])), {128, 16, 10});
        },
        {kX, numbers({160, 8}, -1, 1, 8)}, mask, kCategories);
    // members of a batch, and rows in another order
    check_rows(
        [](auto in) {
          const std::vector<Index> order{3, 1, 1, 0};
          return reshape(index_select(matmul(in[0], in[1]), 0, order), {128, 16, 10});
        },
        {numbers({4, 32, 8}, -1, 1, 9), numbers({4, 8, 160}, -1, 1, 10)}, mask, kCategories);
  }
}

TEST_CASE("rows of one number are rows") {
  const Index n = 20'000;
  const Tensor x = numbers({n, 3}, -1, 1, 1), w = ones({3, 1});
  std::vector<bool> tenth(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < tenth.size(); i += 10) tenth[i] = true;
  const Mask seen = mask_of(tenth, {n});
  const auto logits = [&](std::span<const Tensor> in) {
    return dist::Categorical({.logits = matmul(in[0], in[1])}).log_prob_sum(zeros({n}), seen);
  };
  const auto [value, grads] = value_and_grad(logits, {x, w});
  CHECK(value == 0);
  CHECK((grads[0] == 0).is_all());
  const auto concentration = [&](std::span<const Tensor> in) {
    return dist::Dirichlet(exp(matmul(in[0], in[1]))).log_prob_sum(ones({n, 1}), seen);
  };
  CHECK(value_and_grad(concentration, {x, w}).value == Approx(0).margin(1e-9));
}

TEST_CASE("element-wise densities read elements of matrix products, also of transposed ones") {
  const Tensor u = numbers({150, 3}, -1, 1, 11);
  const Tensor v = numbers({140, 3}, -1, 1, 12);
  const Tensor y = numbers({150, 140}, -2, 2, 13);
  const Mask mask = random_mask({150, 140}, 0.02, 14);
  const auto joint = [&](std::span<const Tensor> in, bool all, bool is_transposed) {
    const Tensor score = is_transposed ? transpose(matmul(in[1], transpose(in[0])))
                                       : matmul(in[0], transpose(in[1]));
    return dist::Normal(all ? settled(score) : score, exp(in[2])).mask(mask).log_prob_sum(y);
  };
  const std::vector<Tensor> inputs{u, v, numbers({140}, -1, 0, 15)};
  const auto expected = value_and_grad([&](auto in) { return joint(in, true, false); }, inputs);
  for (const bool is_transposed : {false, true}) {
    const auto got =
        value_and_grad([&](auto in) { return joint(in, false, is_transposed); }, inputs);
    CHECK(got.value == Approx(expected.value).epsilon(1e-13));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      CHECK(max(abs(got.grads[k] - expected.grads[k])).item() < 1e-12);
    }
  }
}

TEST_CASE("a NaN in rows that nobody keeps harms nothing, however deep upstream") {
  Mask mask = random_mask({128, 16}, 0.1, 20);
  std::vector<std::uint8_t> rows(128, 1);
  rows[3] = rows[77] = 0;
  mask = mask & Mask::from_bytes({128, 1}, rows);
  const auto joint = [&](std::span<const Tensor> in) {
    const Tensor logits = reshape(matmul(exp(in[0] * 2), in[1]), {128, 16, 10});
    return dist::Categorical({.logits = logits}).mask(mask).log_prob_sum(kCategories);
  };
  const auto clean = value_and_grad(joint, {kX, kW});
  const Tensor spoiled = where(Mask::from_bytes({128, 1}, rows), kX, kNaN);
  const auto got = value_and_grad(joint, {spoiled, kW});
  CHECK(got.value == clean.value);
  CHECK(same_bits(got.grads[0], clean.grads[0]));
  CHECK(same_bits(got.grads[1], clean.grads[1]));
  CHECK(same_bits(got.grads[0][77], zeros({8})));
}

TEST_CASE("what asks for all elements settles it once; a gradient goes through as ever") {
  const auto f = [](std::span<const Tensor> in) {
    const Tensor p = matmul(in[0], in[1]);
    CHECK(detail::waits(p));
    const Tensor total = sum(square(transpose(p)) * 0.5) + sum(reshape(p, {20480})) + mean(p);
    CHECK_FALSE(detail::waits(p));
    return total;
  };
  const auto got = value_and_grad(f, {kX, kW});
  // d / d p = p + 1 + 1/n
  const auto by_hand = [](std::span<const Tensor> in) {
    const Tensor p = matmul(in[0], in[1]);
    return sum(detach(p + (1 + Real{1} / 20480)) * p);
  };
  const auto expected = value_and_grad(by_hand, {kX, kW});
  for (const std::size_t k : {0U, 1U}) {
    CHECK(max(abs(got.grads[k] - expected.grads[k])).item() < 1e-11);
  }
}

TEST_CASE("a tensor that waits outlives its recording, and is settled later") {
  Tensor kept, view, whole;
  value_and_grad(
      [&](std::span<const Tensor> in) {
        kept = matmul(in[0], in[1]);
        view = reshape(kept, {16, 1280});
        whole = kept + 1;
        whole.data();
        return sum(in[0]);
      },
      {kX, kW});
  CHECK(detail::waits(view));
  CHECK_FALSE(detail::waits(whole));
  const Tensor expected = matmul(kX, kW);
  CHECK(same_bits(reshape(view, {128, 160}), expected));
  CHECK(same_bits(kept, expected));
  CHECK(same_bits(whole, expected + 1));
}

TEST_CASE("a tensor that waits is settled inside of another recording, for the outer one too") {
  const auto outer = [](std::span<const Tensor> in) {
    const Tensor p = matmul(in[0], in[1]);
    const Tensor q = detach(transpose(p));
    const auto inner =
        value_and_grad([&](std::span<const Tensor> x) { return sum(x[0] * q); }, {ones({160, 1})});
    return sum(p) * 2 + inner.value * 0;
  };
  const auto [value, grads] = value_and_grad(outer, {kX, kW});
  CHECK(value == Approx(2 * sum(matmul(kX, kW)).item()));
  CHECK(max(abs(grads[1] - 2 * expand(reshape(sum(kX, 0), {8, 1}), {8, 160}))).item() < 1e-12);
}

TEST_CASE("threads may settle one tensor at once") {
  const Tensor shared = reshape(transpose(matmul(kX, kW)), {20480});
  std::vector<Real> firsts(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    threads.emplace_back([&, i] { firsts[i] = shared.data()[i]; });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < firsts.size(); ++i) CHECK(firsts[i] == shared.data()[i]);
}

TEST_CASE("shapes of operators that wait are checked at the call") {
  check_error([] { matmul(zeros({200, 8}), zeros({9, 200})); }, {"(200, 8)", "(9, 200)"});
  const Tensor p = matmul(kX, kW);
  check_error([&] { p + zeros({3}); }, {"(128, 160)", "(3,)"});
  check_error([&] { reshape(p, {7}); }, {"reshape", "(7,)"});
}
