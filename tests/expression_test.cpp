// Expressions that run block by block together with a density: the same numbers and gradients as
// operator by operator, whatever the mask and however the operands broadcast.
#include <ember/ember.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include <ember/core/gradient.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/threads.hpp>

#include "catch.hpp"
#include "fuses_few.hpp"
#include "operator_case.hpp"
#include "support.hpp"
#include "waiting.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

constexpr Index kN = 1300;  // two blocks and a half
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

Tensor numbers(const Shape& shape, std::uint64_t seed) {
  return ember::testing::numbers(shape, -1.5, 1.5, seed);
}

// No mask, masks of every density, one with whole blocks hidden and seen, and a list.
std::vector<Mask> masks(const Shape& shape) {
  std::vector<Mask> result{true};
  for (const double kept : {0.95, 0.6, 0.2, 0.03}) result.push_back(random_mask(shape, kept, 5));
  std::vector<std::uint8_t> runs(static_cast<std::size_t>(shape.numel()), 0);
  std::fill(runs.begin(), runs.begin() + 700, 1);
  result.push_back(Mask::from_bytes(shape, std::move(runs)));
  detail::Positions at;
  for (Index i = 3; i < shape.numel(); i += 7) at.push_back(i);
  result.push_back(Mask::from_positions(shape, std::move(at)));
  return result;
}

std::vector<Index> groups(Index n, Index count) {
  std::vector<Index> result;
  for (Index i = 0; i < n; ++i) result.push_back(i * i % 17 % count);
  return result;
}

// Passes a tensor on, once as it is and once settled.
using Step = std::function<Tensor(const Tensor&)>;
// A log density of inputs, made by steps, behind a mask.
using Density = std::function<Tensor(std::span<const Tensor>, const Step&, const Mask&)>;

void check_one(const Density& f, const std::vector<Tensor>& inputs, const Mask& mask) {
  const Step as_it_is = [](const Tensor& x) { return x; };
  const auto fused = value_and_grad([&](auto in) { return f(in, as_it_is, mask); }, inputs);
  const auto apart = value_and_grad([&](auto in) { return f(in, settled, mask); }, inputs);
  CHECK(fused.value == Approx(apart.value).epsilon(1e-13));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    INFO("input " << k << ", mask keeps " << mask.count());
    const Tensor difference = max(abs(fused.grads[k] - apart.grads[k]));
    CHECK(difference.item() <= 1e-12 * (1 + max(abs(apart.grads[k])).item()));
  }
}

void check(const Density& f, const std::vector<Tensor>& inputs, const Shape& shape = {kN}) {
  for (const Mask& mask : masks(shape)) check_one(f, inputs, mask);
}

}  // namespace

TEST_CASE_METHOD(FusesFew,
                 "an element-wise operator of many numbers waits while gradients are recorded") {
  const Tensor x = numbers({kN}, 1);
  CHECK_FALSE(detail::waits(x + 1));
  const detail::Recording recording;
  CHECK(detail::waits(x + 1));
  CHECK(detail::waits(exp(x)));
  CHECK_FALSE(detail::waits(numbers({5}, 1) + 1));
  detail::Tape::current().fuses_from = 5000;
  CHECK_FALSE(detail::waits(x + 1));
  CHECK(detail::waits(index_select(x, 0, groups(kN, 11))));
  CHECK(detail::waits(index_select(x, 0, groups(kN, 11)) + 1));
  detail::Tape::current().fuses_from = 512;
  const Tensor y = x * 2 - 1;
  CHECK(detail::waits(y));
  CHECK(y.at({7}) == x.at({7}) * 2 - 1);
  CHECK_FALSE(detail::waits(y));
}

TEST_CASE_METHOD(FusesFew, "numbers of all, one for all, and the value itself") {
  // phi, m, sigma, the one before, this one
  const std::vector<Tensor> inputs{0.7, 0.3, 1.4, numbers({kN}, 2), numbers({kN}, 3)};
  check(
      [](auto in, const Step& s, const Mask& mask) {
        const Tensor loc = s(in[1] + s(in[0] * s(in[3] - in[1])));
        return dist::Normal(loc, in[2]).mask(mask).log_prob_sum(in[4]);
      },
      inputs);
}

TEST_CASE_METHOD(FusesFew, "a gather, and a location with a slope") {
  const std::vector<Index> group = groups(kN, 11);
  const Tensor x = numbers({kN}, 4), y = numbers({kN}, 5);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        const Tensor loc = s(s(index_select(in[0], 0, group)) + s(in[1] * x));
        return dist::Normal(loc, in[2]).mask(mask).log_prob_sum(y);
      },
      {numbers({11}, 6), -0.4, 0.8});
  // the same list twice, another one, and the leaf as it is
  const std::vector<Index> other = groups(kN, 7);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        const Tensor a = s(index_select(in[0], 0, group));
        const Tensor b = s(index_select(in[0], 0, other));
        return dist::Normal(s(a * b), exp(in[1])).mask(mask).log_prob_sum(s(a + x));
      },
      {numbers({11}, 6), numbers({kN}, 8)});
}

TEST_CASE_METHOD(FusesFew, "rows and columns that are repeated, under another shape") {
  const Shape shape{26, 50};
  const std::vector<Tensor> inputs{numbers({50}, 1), numbers({26, 1}, 2), numbers({26, 50}, 3),
                                   numbers({kN}, 4)};
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        const Tensor product = s(in[0] * in[1]);
        const Tensor sum = s(product + in[2]);
        const Tensor other = s(in[3].reshape(shape) * in[0]);
        return dist::Normal(sum, 1.3).mask(mask).log_prob_sum(other);
      },
      inputs, shape);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        const Tensor flat = s(in[0] * in[1]).reshape({kN});
        return dist::Normal(s(flat + in[3]), 2).mask(mask).log_prob_sum(0.5);
      },
      inputs);
  // a parameter that is repeated, beside an expression
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::Normal(s(in[2] * 2), exp(in[0])).mask(mask).log_prob_sum(in[1]);
      },
      inputs, shape);
}

TEST_CASE_METHOD(FusesFew, "every operator that can be done block by block") {
  const Tensor y = numbers({kN}, 9);
  const std::vector<Tensor> inputs{numbers({kN}, 1), exp(numbers({kN}, 2))};
  using Unary = std::function<Tensor(const Tensor&)>;
  const std::vector<Unary> any{[](const Tensor& x) { return -x; },
                               [](const Tensor& x) { return exp(x); },
                               [](const Tensor& x) { return square(x); },
                               [](const Tensor& x) { return tanh(x); },
                               [](const Tensor& x) { return sigmoid(x); },
                               [](const Tensor& x) { return softplus(x); },
                               [](const Tensor& x) { return log_sigmoid(x); }};
  const std::vector<Unary> of_positive{[](const Tensor& x) { return log(x); },
                                       [](const Tensor& x) { return log1p(x); },
                                       [](const Tensor& x) { return sqrt(x); }};
  const auto with = [&](std::size_t k, const Unary& f) {
    check(
        [&, k](auto in, const Step& s, const Mask& mask) {
          return dist::Normal(s(s(f(in[k])) * in[0]), 1.5).mask(mask).log_prob_sum(y);
        },
        inputs);
  };
  for (const Unary& f : any) with(0, f);
  for (const Unary& f : of_positive) with(1, f);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        const Tensor loc = s(s(in[0] - in[1]) / in[1]);
        return dist::Normal(s(loc + s(in[0] * in[0])), 1.5).mask(mask).log_prob_sum(s(loc - 1));
      },
      inputs);
}

TEST_CASE_METHOD(FusesFew, "operators of one number for all and a number for each") {
  const Tensor y = numbers({kN}, 9);
  const std::vector<Tensor> inputs{numbers({kN}, 1), 1.7, exp(numbers({kN}, 2))};
  using Binary = std::function<Tensor(const Tensor&, const Tensor&)>;
  const std::vector<Binary> pairs{[](const Tensor& a, const Tensor& b) { return a + b; },
                                  [](const Tensor& a, const Tensor& b) { return a - b; },
                                  [](const Tensor& a, const Tensor& b) { return a * b; },
                                  [](const Tensor& a, const Tensor& b) { return a / b; }};
  for (const Binary& f : pairs) {
    check(
        [&](auto in, const Step& s, const Mask& mask) {
          return dist::Normal(s(s(f(in[2], in[1])) * in[0]), 1.5).mask(mask).log_prob_sum(y);
        },
        inputs);
    check(
        [&](auto in, const Step& s, const Mask& mask) {
          return dist::Normal(s(s(f(in[1], in[2])) * in[0]), in[1]).mask(mask).log_prob_sum(y);
        },
        inputs);
  }
}

TEST_CASE_METHOD(FusesFew, "families of one, two and three parameters") {
  const std::vector<Tensor> inputs{numbers({kN}, 1), 0.3, numbers({kN}, 3)};
  const Tensor counts = floor(exp(numbers({kN}, 4)));
  const Tensor bits = to_tensor(numbers({kN}, 4) > 0);
  const auto eta = [](auto in, const Step& s) { return s(s(in[0] * in[1]) + in[2]); };
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::Poisson({.log_rate = eta(in, s)}).mask(mask).log_prob_sum(counts);
      },
      inputs);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::Bernoulli({.logits = eta(in, s)}).mask(mask).log_prob_sum(bits);
      },
      inputs);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::Binomial({.total_count = 9, .logits = eta(in, s)})
            .mask(mask)
            .log_prob_sum(bits);
      },
      inputs);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::StudentT(4, eta(in, s), s(exp(in[2]))).mask(mask).log_prob_sum(s(in[2] * 2));
      },
      inputs);
  check(
      [&](auto in, const Step& s, const Mask& mask) {
        return dist::Gamma(2, s(exp(eta(in, s)))).mask(mask).log_prob_sum(s(exp(in[2])));
      },
      inputs);
}

TEST_CASE_METHOD(FusesFew, "more operands and operators than one expression takes") {
  std::vector<Tensor> inputs;
  for (std::uint32_t k = 0; k < 11; ++k) inputs.push_back(numbers({kN}, 20 + k));
  check(
      [](auto in, const Step& s, const Mask& mask) {
        Tensor loc = in[0];
        for (std::size_t k = 1; k < in.size(); ++k) loc = s(loc + in[k]);
        return dist::Normal(loc, 3).mask(mask).log_prob_sum(s(in[3] * in[4]));
      },
      inputs);
  check(
      [](auto in, const Step& s, const Mask& mask) {
        Tensor loc = in[0];
        for (int k = 0; k < 30; ++k) loc = s(s(loc * 0.9) + in[1]);
        return dist::Normal(loc, 3).mask(mask).log_prob_sum(in[2]);
      },
      {inputs[0], inputs[1], inputs[2]});
}

TEST_CASE_METHOD(FusesFew, "a long chain is settled without going deep") {
  const Tensor x = numbers({600}, 1);
  const auto result = value_and_grad(
      [](auto in) {
        Tensor sum = in[0];
        for (int k = 0; k < 100'000; ++k) sum = sum + 1;
        return dist::Normal(sum, 1).log_prob_sum(100'000);
      },
      {x});
  CHECK(result.grads[0].at({3}) == Approx(-x.at({3})));
}

TEST_CASE_METHOD(FusesFew,
                 "a long chain of constants of what waits is settled without going deep") {
  const auto result = value_and_grad(
      [](auto in) {
        Tensor sum = in[0];
        for (int k = 0; k < 100'000; ++k) sum = detach(sum) + in[0];
        return dist::Normal(sum, 1).log_prob_sum(0);
      },
      {full({600}, 1e-5)});
  CHECK(result.grads[0].at({3}) == Approx(-1));
}

TEST_CASE_METHOD(
    FusesFew,
    "an expression that several densities share is computed once more, and not for each") {
  const std::vector<Tensor> inputs{numbers({kN}, 1), 0.8};
  check(
      [](auto in, const Step& s, const Mask& mask) {
        const Tensor eta = s(in[0] * in[1]);
        Tensor total = dist::Normal(s(eta + 1), 1).mask(mask).log_prob_sum(0.1);
        total += dist::Normal(s(eta - 1), 2).mask(mask).log_prob_sum(0.2);
        total += dist::Normal(eta, 3).log_prob_sum(in[0]);
        return total + sum(eta * eta);
      },
      inputs);
  value_and_grad(
      [](auto in) {
        const Tensor eta = in[0] * in[1];
        const Tensor once = dist::Normal(eta, 1).log_prob_sum(0);
        CHECK(detail::waits(eta));
        const Tensor twice = dist::Normal(eta, 1).log_prob_sum(1);
        CHECK_FALSE(detail::waits(eta));
        return once + twice;
      },
      inputs);
}

TEST_CASE_METHOD(FusesFew, "NaN behind a mask reaches no gradient through an expression") {
  for (const double kept : {0.9, 0.6, 0.1}) {
    const Mask mask = random_mask({kN}, kept, 3);
    const Tensor x = where(mask, numbers({kN}, 1), kNaN);
    const auto result = value_and_grad(
        [&](auto in) {
          const Tensor loc = in[0] + in[1] * (x - in[2]) * exp(in[3]);
          return dist::Normal(loc, in[4]).mask(mask).log_prob_sum(x);
        },
        {0.1, 0.2, 0.3, x, 1.5});
    CHECK(std::isfinite(result.value));
    for (const std::size_t k : {0U, 1U, 2U, 4U}) CHECK(std::isfinite(result.grads[k].item()));
    CHECK(max(abs(where(mask, 0, result.grads[3]))).item() == 0);
    CHECK(max(abs(result.grads[3])).item() > 0);
  }
}

TEST_CASE_METHOD(FusesFew, "what no visible element picks is not reached") {
  const std::vector<Index> group = groups(kN, 6);
  std::vector<std::uint8_t> bytes;
  for (const Index g : group) bytes.push_back(g != 2 ? 1 : 0);
  const Mask mask = Mask::from_bytes({kN}, std::move(bytes));
  const Tensor feature = tensor({1, 2, kNaN, 4, 5, 6, kNaN});  // of groups; nobody is in the last
  for (const bool is_masked : {true, false}) {
    const Tensor known = is_masked ? feature : where(isnan(slice(feature, 0, 0, 7)), 3, feature);
    const auto result = value_and_grad(
        [&](auto in) {
          const Tensor rate = in[0] * (is_masked ? known : where(arange(7) < 6, known, kNaN));
          const dist::Distribution d = dist::Normal(index_select(rate, 0, group) + in[1], 1);
          return (is_masked ? d.mask(mask) : d).log_prob_sum(0);
        },
        {0.5, numbers({kN}, 2)});
    CHECK(std::isfinite(result.value));
    CHECK(std::isfinite(result.grads[0].item()));
  }
}

TEST_CASE_METHOD(FusesFew, "expressions are summed the same way by any number of threads") {
  constexpr Index kMany = 300'000;
  const int before = num_threads();
  const std::vector<Tensor> inputs{numbers({kMany}, 1), 0.7, numbers({kMany}, 2), 0.1};
  const auto run = [&](int threads) {
    set_num_threads(threads);
    return value_and_grad(
        [](auto in) {
          return dist::Poisson({.log_rate = in[0] * in[1] + tanh(in[2]) - in[3]}).log_prob_sum(2);
        },
        inputs);
  };
  const auto one = run(1);
  for (const int threads : {2, 3, 4}) {
    const auto more = run(threads);
    CHECK(one.value == more.value);
    for (std::size_t k = 0; k < inputs.size(); ++k) CHECK(same_bits(one.grads[k], more.grads[k]));
  }
  set_num_threads(before);
}

TEST_CASE_METHOD(
    FusesFew, "a waiting expression of an outer recording, and one that is held beyond its end") {
  const Tensor x = numbers({kN}, 1);
  Tensor held;
  Real inner = 0;
  value_and_grad(
      [&](auto in) {
        const Tensor y = in[0] * 2;
        held = y + 1;
        inner =
            value_and_grad(
                [&](auto z) { return dist::Normal(detach(y) * z[0], 1).log_prob_sum(0); }, {0.5})
                .value;
        return sum(y);
      },
      {x});
  CHECK(inner == Approx(dist::Normal(x, 1).log_prob_sum(0).item()));
  CHECK_FALSE(detail::waits(held));  // or what is made of itself step by step would keep all steps
  CHECK(same_bits(held, x * 2 + 1));
}

TEST_CASE_METHOD(FusesFew,
                 "a model with a varying intercept learns the same with and without blocks") {
  const std::vector<Index> group = groups(kN, 9);
  const Tensor x = numbers({kN}, 1), y = numbers({kN}, 2);
  const auto losses = [&](bool is_settled) {
    begin(3);
    const auto model = [&] {
      const Tensor beta = sample("beta", dist::Normal(0, 1));
      Tensor alpha;
      {
        plate p("groups", 9);
        alpha = sample("alpha", dist::Normal(0, 1));
      }
      plate p("rows", kN);
      const Tensor loc = index_select(alpha, 0, group) + beta * x;
      sample("y", dist::Normal(is_settled ? settled(loc) : loc, 1), {.obs = y});
    };
    infer::AutoNormal guide(model);
    infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
    return svi.run(50, {}).losses;
  };
  const auto fused = losses(false), apart = losses(true);
  for (std::size_t i = 0; i < fused.size(); ++i) CHECK(fused[i] == Approx(apart[i]).epsilon(1e-9));
}

TEST_CASE_METHOD(FusesFew,
                 "views of waiting values of another recording show them when it has ended") {
  const Tensor x = full({600}, 0.5);
  // made in an inner recording of an outer one's tensor
  Tensor kept;
  value_and_grad(
      [&](auto in) {
        const Tensor y = in[0] * 2;
        value_and_grad(
            [&](auto z) {
              kept = detach(y);
              return z[0] * 1;
            },
            {1.0});
        kept.data();
        return sum(in[0]);
      },
      {x});
  const auto use_memory_again = [&] {
    value_and_grad(
        [&](auto in) {
          const Tensor y = in[0] + 77;
          y.data();
          return sum(in[0]);
        },
        {x});
  };
  use_memory_again();
  CHECK(same_bits(kept, full({600}, 1)));
  // made in an outer one of a matmul that waits on the heap, and settled in an inner one
  const Tensor square = matmul(full({130, 130}, 0.5), full({130, 130}, 1));
  REQUIRE(detail::waits(square));
  value_and_grad(
      [&](auto in) {
        Tensor view = square.reshape({13, 1300});
        value_and_grad(
            [&](auto z) {
              view.data();
              return z[0] * 1;
            },
            {1.0});
        kept = view;
        return sum(in[0]);
      },
      {x});
  use_memory_again();
  CHECK(same_bits(kept, full({13, 1300}, 65)));
}

TEST_CASE_METHOD(FusesFew, "an expression that uses each part twice costs what its parts do") {
  const Mask mask = random_mask({300}, 0.3, 4);
  const auto result = value_and_grad(
      [&](auto in) {
        Tensor h = in[0];
        for (int k = 0; k < 60; ++k) h = h * 0.5 + h * 0.1;
        const Tensor logits = h.reshape({300, 3});
        return dist::Categorical({.logits = logits}).mask(mask).log_prob_sum(zeros({300}));
      },
      {numbers({900}, 1)});
  CHECK(result.value == Approx(static_cast<Real>(mask.count()) * std::log(Real(1) / 3)));
}

TEST_CASE_METHOD(FusesFew, "one number of what waits is there when its recording has ended") {
  Tensor held;
  value_and_grad(
      [&](auto in) {
        const Tensor y = in[0] * 2;
        held = index_select(y, 0, {5});
        held.item();
        return sum(in[0]);
      },
      {arange(600)});
  value_and_grad(
      [&](auto in) {
        (in[0] * 77).data();
        return sum(in[0]);
      },
      {arange(600)});
  CHECK(held.item() == 10);
}

TEST_CASE_METHOD(FusesFew,
                 "an expression comes from what its parts, its views and its indices come from") {
  const Tensor z = detail::marked(floor(numbers({kN}, 1) + 2), Name("z"));
  const auto names = [](const Tensor& x) {
    std::vector<std::string> result;
    for (const Name name : detail::names_of(detail::sources_of(x))) result.push_back(name.str());
    std::sort(result.begin(), result.end());
    return result;
  };
  using Names = std::vector<std::string>;
  value_and_grad(
      [&](auto in) {
        const Tensor picked = index_select(in[0], 0, Indices(z));
        CHECK(names(sum(picked * 2)) == Names{"z"});
        CHECK(names(dist::Normal(picked, 1).log_prob_sum(0)) == Names{"z"});
        const Tensor view = detail::marked(in[1] * 2, Name("v"));
        CHECK(names(sum(view)) == Names{"v"});
        CHECK(names(dist::Normal(view + picked, 1).log_prob_sum(0)) == Names{"v", "z"});
        return sum(in[0]);
      },
      {numbers({4}, 2), numbers({kN}, 3)});
}

TEST_CASE_METHOD(FusesFew,
                 "a tensor that is too large is an error of its operator, expression or not") {
  const Tensor x = zeros({100'000});
  const auto too_large = [&](bool is_waiting) {
    return error_of([&] {
      value_and_grad(
          [&](auto in) {
            const Tensor column = in[0].reshape({100'000, 1});
            return sum((is_waiting ? column * 2 : column) + in[0]);
          },
          {x});
    });
  };
  for (const bool is_waiting : {false, true}) {
    CHECK(too_large(is_waiting).starts_with("add: a tensor of shape (100000, 100000): memory: "));
  }
}

TEST_CASE_METHOD(FusesFew, "a tensor that another thread records is no constant of an expression") {
  const Tensor x = numbers({kN}, 1);
  value_and_grad(
      [&](auto in) {
        const Tensor y = in[0] * 2;
        std::string density, total;
        std::thread other([&] {
          density = error_of([&] { dist::Normal(y, 1).log_prob_sum(0); });
          total = error_of([&] { sum(y); });
        });
        other.join();
        CHECK(has(density, "a tensor that another thread is recording was used in this one"));
        CHECK(has(total, "a tensor that another thread is recording was used in this one"));
        return sum(in[0]);
      },
      {x});
}
