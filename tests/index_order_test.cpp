// Elements that are picked by indices of data, gone through in the order of their places: the same
// numbers and gradients, and nobody's data is written to.
#include <ember/ember.hpp>

#include <ember/core/gradient.hpp>
#include <ember/core/index_list.hpp>
#include <ember/core/index_order.hpp>
#include <ember/core/node.hpp>

#include "catch.hpp"
#include "fuses_few.hpp"
#include "operator_case.hpp"
#include "support.hpp"
#include "waiting.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kN = 1300;

Tensor numbers(const Shape& shape, std::uint64_t seed) {
  return ember::testing::numbers(shape, -1.5, 1.5, seed);
}

std::vector<Index> groups(Index count, Index n = kN) {
  std::vector<Index> result;
  for (Index i = 0; i < n; ++i) result.push_back(i * i % 17 % count);
  return result;
}

Indices grouped(Index count) { return Indices(groups(count)); }

bool is_kept(const Indices& group, const Tensor& x) {
  const std::int64_t before = x.node().count.load();
  group.list()->order().sorted(x);
  return x.node().count.load() == before;
}

struct Case {
  Tensor x = numbers({kN}, 4), y = numbers({kN}, 5);
  std::vector<Tensor> inputs{numbers({11}, 6), -0.4, 0.8, numbers({11}, 7)};

  // A varying intercept and a varying slope.
  ValueAndGrad run(const Indices& group, bool is_settled = false) const {
    return value_and_grad(
        [&](auto in) {
          const auto pick = [&](const Tensor& from) { return index_select(from, 0, group); };
          const Tensor loc = pick(in[0]) + (in[1] - pick(in[3])) * x;
          return dist::Normal(is_settled ? settled(loc) : loc, in[2]).log_prob_sum(y);
        },
        inputs);
  }
};

void check_same(const ValueAndGrad& a, const ValueAndGrad& b) {
  CHECK(a.value == Approx(b.value).epsilon(1e-13));
  for (std::size_t k = 0; k < a.grads.size(); ++k) {
    const Real size = 1 + max(abs(b.grads[k])).item();
    CHECK(max(abs(a.grads[k] - b.grads[k])).item() <= 1e-12 * size);
  }
}

}  // namespace

TEST_CASE("a list in the order of its places") {
  const Indices at{3, 0, 3, 5, 0, 3};
  const detail::IndexOrder& order = at.list()->order();
  std::vector<Index> places, ends;
  for (const auto& run : order.runs()) {
    places.push_back(run.place);
    ends.push_back(run.end);
  }
  CHECK(places == std::vector<Index>{0, 3, 5});
  CHECK(ends == std::vector<Index>{2, 5, 6});
  CHECK(order.run_at(0)->place == 0);
  CHECK(order.run_at(1)->place == 0);
  CHECK(order.run_at(2)->place == 3);
  CHECK(order.run_at(5)->place == 5);
  CHECK(same_bits(order.sorted(arange(6)), tensor({1, 4, 0, 2, 5, 3})));
  CHECK(&order == &at.list()->order());
}

TEST_CASE_METHOD(FusesFew, "what is picked by indices of data is summed in the order of places") {
  const Case c;
  const Indices group = grouped(9);  // nobody is in the last two
  const auto result = c.run(group);
  CHECK(is_kept(group, c.x));
  CHECK(is_kept(group, c.y));
  check_same(result, c.run(group, true));
  for (const std::size_t k : {0U, 3U}) {
    CHECK(result.grads[k].at({9}) == 0);
    CHECK(result.grads[k].at({8}) != 0);
  }
  const auto again = c.run(group);
  CHECK(again.value == result.value);
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    CHECK(same_bits(again.grads[k], result.grads[k]));
  }
}

TEST_CASE_METHOD(FusesFew, "elements stay as they stand where their order would not pay") {
  const auto stands = [](auto density, const Indices& group, const Tensor& y) {
    const std::vector<Tensor> inputs{numbers({200}, 6), numbers({kN}, 3), 0.8};
    const auto value = [&](bool is_settled) {
      return value_and_grad(
          [&](auto in) {
            const Tensor loc = density(in);
            return dist::Normal(is_settled ? settled(loc) : loc, in[2]).log_prob_sum(y);
          },
          inputs);
    };
    check_same(value(false), value(true));
    return !is_kept(group, y);
  };
  const Indices often = grouped(11);
  const auto few = [](auto in) { return slice(in[0], 0, 0, 11); };
  const auto pick = [&](auto in) { return index_select(few(in), 0, often); };
  const Tensor y = numbers({kN}, 5);
  CHECK_FALSE(stands([&](auto in) { return pick(in) * in[2]; }, often, y));
  // places that are named seldom
  CHECK(stands([&](auto in) { return index_select(in[0], 0, often) * in[2]; }, often,
               numbers({kN}, 5)));
  // another number for each element that has a gradient
  CHECK(stands([&](auto in) { return pick(in) * in[1]; }, often, numbers({kN}, 5)));
  // another list
  const Indices other = grouped(5);
  CHECK(stands([&](auto in) { return pick(in) * index_select(few(in), 0, other); }, often,
               numbers({kN}, 5)));
  // a list of this step
  CHECK(stands([&](auto in) { return index_select(few(in), 0, groups(11)) * in[2]; }, often,
               numbers({kN}, 5)));
}

TEST_CASE_METHOD(FusesFew, "other data with the same indices, and more than are kept") {
  const Indices group = grouped(11);
  std::vector<Case> cases(7);
  for (std::uint64_t k = 0; k < cases.size(); ++k) {
    cases[k].x = numbers({kN}, 20 + k);
    cases[k].y = numbers({kN}, 40 + k);
  }
  for (int round = 0; round < 2; ++round) {
    for (const Case& c : cases) check_same(c.run(group), c.run(group, true));
  }
}

TEST_CASE_METHOD(FusesFew, "numbers that are written to are other data") {
  const Indices group = grouped(11);
  Case c;
  const auto before = c.run(group);
  detail::own_values(c.y)[7] += 100;
  const auto after = c.run(group);
  CHECK(after.value < before.value - 1000);
  check_same(after, c.run(group, true));
}

TEST_CASE_METHOD(FusesFew, "a masked density of what is picked sees no hidden data") {
  const Indices group = grouped(11);
  Case c;
  const Mask mask = random_mask({kN}, 0.6, 3);
  c.y = where(mask, c.y, std::numeric_limits<Real>::quiet_NaN());
  const auto result = value_and_grad(
      [&](auto in) {
        const Tensor loc = index_select(in[0], 0, group) + in[1] * c.x;
        return dist::Normal(loc, in[2]).mask(mask).log_prob_sum(c.y);
      },
      c.inputs);
  CHECK(std::isfinite(result.value));
  CHECK(max(abs(result.grads[0])).item() > 0);
}
