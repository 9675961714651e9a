// Every operator of core/operators.def: its values against plain loops, its gradient against
// central differences, and that nothing behind a mask is ever felt.
#include <ember/core/error.hpp>
#include <ember/core/gradient.hpp>
#include <ember/distributions/constraint.hpp>

#include <bit>
#include <cstring>
#include <limits>

#include "catch.hpp"
#include "operator_inputs.hpp"

using namespace ember;
using namespace ember::testing;

namespace {

// Several operators in a row, the last one's result under a mask.
std::vector<Case> chains() {
  const Tensor a = numbers({4, 3}, -1, 1, 1);
  const Tensor b = numbers({3, 6}, -1, 1, 2);
  const Tensor bias = numbers({6}, -1, 1, 3);
  const auto chain = [](const char* name, std::vector<Tensor> inputs, const Shape& shape,
                        Function f) {
    return Case{name, std::move(inputs), std::move(f), shape, {}};
  };
  return {
      chain("matmul, reshape", {a, b}, {2, 2, 3, 2},
            [](std::span<const Tensor> in) {
              return reshape(matmul(in[0], in[1]), {2, 2, 3, 2});
            }),
      chain("matmul, bias, row-wise softmax", {a, b, bias}, {4, 2, 3},
            [](std::span<const Tensor> in) {
              return log_softmax(reshape(matmul(in[0], in[1]) + in[2], {4, 2, 3}), -1);
            }),
      chain("rows chosen, exp, sum of columns", {a}, {5},
            [](std::span<const Tensor> in) {
              return sum(exp(index_select(in[0], 0, {3, 3, 0, 1, 2})), -1);
            }),
      chain("transpose, matmul, slice", {a, b}, {6, 2},
            [](std::span<const Tensor> in) {
              return slice(matmul(transpose(in[1]), transpose(in[0])), 1, 1, 3);
            }),
      chain(
          "joined, running sums, tanh", {a, bias}, {5, 3},
          [](std::span<const Tensor> in) {
            return tanh(cumsum(concatenate({in[0], reshape(slice(in[1], 0, 0, 3), {1, 3})}, 0), 1));
          }),
      chain("chosen, divided, logarithm", {a, bias}, {4, 3},
            [](std::span<const Tensor> in) {
              const Mask first = mask_of({true, false, true});
              return log(square(where(first, in[0], slice(in[1], 0, 0, 3) / in[0])) + 0.1);
            }),
      chain("one tensor by two ways", {a}, {4, 3},
            [](std::span<const Tensor> in) {
              return in[0] * expand(reshape(in[0].slice(1, 0, 1), {4, 1}), {4, 3}) +
                     max(in[0], 1, true);
            }),
  };
}

Numbers flat(const Tensor& x) { return {x.data().begin(), x.data().end()}; }

Tensor with_element(const Tensor& x, std::size_t i, Real value) {
  std::vector<Real> copy(x.data().begin(), x.data().end());
  copy[i] = value;
  return tensor(copy, x.shape());
}

constexpr std::array<Real, 3> kBad{std::numeric_limits<Real>::quiet_NaN(),
                                   std::numeric_limits<Real>::infinity(),
                                   -std::numeric_limits<Real>::infinity()};

bool same_bits(Real a, Real b) { return std::memcmp(&a, &b, sizeof(Real)) == 0; }

void check_values(const Case& c) {
  INFO(c.name);
  const Tensor y = c.f(c.inputs);
  REQUIRE(y.shape() == c.shape);
  const Numbers values = flat(y);
  REQUIRE(values.size() == c.expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(values[i] == Approx(c.expected[i]).epsilon(1e-12).margin(1e-13));
  }
}

// The operator called twice, each result with its own weights, in one number.
Tensor weighted(const Case& c, std::span<const Tensor> in, bool twice) {
  const Tensor first = sum(c.f(in) * numbers(c.shape, -1, 1, 11));
  return twice ? first + sum(c.f(in) * numbers(c.shape, -1, 1, 12)) : first;
}

using Objective = std::function<Tensor(std::span<const Tensor>)>;

void check_gradient(const std::vector<Tensor>& inputs, const Objective& f) {
  const ValueAndGrad result = value_and_grad(f, inputs);
  CHECK(result.value == Approx(static_cast<double>(f(inputs).item())).epsilon(1e-12));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor& x = inputs[k];
    REQUIRE(result.grads[k].shape() == x.shape());
    const Numbers gradient = flat(result.grads[k]);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const Real here = x.data()[i];
      const Real step = 1e-5 * std::max(1.0, std::fabs(static_cast<double>(here)));
      std::vector<Tensor> moved = inputs;
      moved[k] = with_element(x, i, here + step);
      const double above = static_cast<double>(f(moved).item());
      moved[k] = with_element(x, i, here - step);
      const double below = static_cast<double>(f(moved).item());
      INFO("input " << k << ", element " << i);
      CHECK(gradient[i] == Approx((above - below) / (2 * step)).epsilon(1e-6).margin(1e-6));
    }
  }
}

void check_gradient(const Case& c, bool twice) {
  INFO(c.name << (twice ? ", called twice" : ""));
  check_gradient(c.inputs, [&](std::span<const Tensor> in) { return weighted(c, in, twice); });
}

// For each element of each input: which elements of the result it reaches. Found by putting NaN and
// infinities there and looking what changes.
using Influence = std::vector<std::vector<std::vector<bool>>>;

Influence influence_of(const Case& c) {
  enable_validation(false);
  const Tensor healthy = c.f(c.inputs);
  Influence influence(c.inputs.size());
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    for (std::size_t i = 0; i < c.inputs[k].data().size(); ++i) {
      std::vector<bool> reached(healthy.data().size());
      for (Real bad : kBad) {
        std::vector<Tensor> poisoned = c.inputs;
        poisoned[k] = with_element(c.inputs[k], i, bad);
        const Tensor y = c.f(poisoned);
        for (std::size_t o = 0; o < reached.size(); ++o) {
          reached[o] = reached[o] || !same_bits(y.data()[o], healthy.data()[o]);
        }
      }
      influence[k].push_back(std::move(reached));
    }
  }
  enable_validation(true);
  return influence;
}

std::vector<Mask> masks_of(const Shape& shape) {
  std::vector<Mask> masks{Mask::filled(shape, true), Mask::filled(shape, false)};
  const Tensor dice = numbers(shape, 0, 1, 21);
  for (double kept : {0.1, 0.5, 0.9}) masks.push_back(dice < kept);
  if (shape.rank() > 0 && shape.numel() > 0) {
    const Index size = shape[0];
    const Index last = shape.from_right(1);
    const Shape rows = concatenate(Shape{size}, Shape(std::vector<Index>(shape.rank() - 1, 1)));
    const Mask some_rows = reshape(arange(size), rows) < tensor({(size + 1) / 2}).reshape({});
    const Mask some_columns = arange(last) > 0;
    masks.push_back(some_rows.broadcast_to(shape));
    masks.push_back(some_columns.broadcast_to(shape));
    masks.push_back((some_rows & some_columns).broadcast_to(shape));
    masks.push_back((reshape(arange(size), rows) == 0) & (arange(last) == 0) &
                    Mask::filled(shape, true));
  }
  return masks;
}

Tensor masked_sum(const Case& c, std::span<const Tensor> in, const Mask& mask) {
  if (c.masked_sum) return c.masked_sum(in, mask);
  return sum(distributions::Normal(c.f(in), 1).mask(mask).log_prob(zeros(c.shape)));
}

// As masked_sum, fused, and one result read through two masks.
Tensor masked_twice(const Case& c, std::span<const Tensor> in, const Mask& first,
                    const Mask& second) {
  if (c.masked_sum) return c.masked_sum(in, first) + c.masked_sum(in, second);
  const distributions::Normal d(c.f(in), 1);
  const Tensor again = distributions::Normal(c.f(in), 2).log_prob_sum(zeros(c.shape), second);
  return d.log_prob_sum(zeros(c.shape), first) + d.log_prob_sum(ones(c.shape), second) + again;
}

void check_masked_gradient(const Case& c) {
  if (c.inputs[0].numel() > 100) return;
  for (const Mask& mask : masks_of(c.shape)) {
    INFO(c.name << ", " << to_string(mask));
    check_gradient(c.inputs, [&](std::span<const Tensor> in) { return masked_sum(c, in, mask); });
  }
}

// The inputs' elements that reach nothing visible, one flag each.
std::vector<std::vector<bool>> hidden_elements(const Influence& influence, const Mask& visible) {
  const std::vector<std::uint8_t> seen = visible.to_bytes();
  std::vector<std::vector<bool>> hidden;
  for (const auto& input : influence) {
    hidden.emplace_back();
    for (const auto& reached : input) {
      bool felt = false;
      for (std::size_t o = 0; o < seen.size(); ++o) felt = felt || (reached[o] && seen[o] != 0);
      hidden.back().push_back(!felt);
    }
  }
  return hidden;
}

std::size_t check_hidden(const Case& c, const Influence& influence, const Mask& visible,
                         const Objective& objective) {
  const auto hidden = hidden_elements(influence, visible);
  const ValueAndGrad harmless = value_and_grad(objective, c.inputs);
  std::size_t count = 0;
  for (Real bad : kBad) {
    std::vector<Tensor> inputs;
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      std::vector<Real> values(c.inputs[k].data().begin(), c.inputs[k].data().end());
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (hidden[k][i]) values[i] = bad;
      }
      inputs.push_back(tensor(values, c.inputs[k].shape()));
    }
    const ValueAndGrad result = value_and_grad(objective, inputs);
    INFO("behind the mask: " << bad);
    CHECK(same_bits(result.value, harmless.value));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      for (std::size_t i = 0; i < hidden[k].size(); ++i) {
        const Real g = result.grads[k].data()[i];
        INFO("input " << k << ", element " << i << ": " << g << " against "
                      << harmless.grads[k].data()[i]);
        CHECK(same_bits(g, harmless.grads[k].data()[i]));
        if (hidden[k][i]) {
          CHECK(g == 0);
          ++count;
        }
      }
    }
  }
  return count;
}

// Gives how many hidden elements were looked at.
std::size_t check_masked(const Case& c) {
  const Influence influence = influence_of(c);
  const std::vector<Mask> masks = masks_of(c.shape);
  std::size_t count = 0;
  for (std::size_t m = 0; m < masks.size(); ++m) {
    INFO(c.name << ", mask " << m << " " << to_string(masks[m]));
    count += check_hidden(c, influence, masks[m],
                          [&](std::span<const Tensor> in) { return masked_sum(c, in, masks[m]); });
    const Mask& other = masks[(m + 3) % masks.size()];
    count += check_hidden(c, influence, masks[m] | other, [&](std::span<const Tensor> in) {
      return masked_twice(c, in, masks[m], other);
    });
  }
  return count;
}

}  // namespace

TEST_CASE("every operator has the values of plain loops"){
#define EMBER_OPERATOR(name)                                                 \
  DYNAMIC_SECTION(#name) {                                                   \
    for (const Case& c : Inputs<detail::Op::name>::cases()) check_values(c); \
  }
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}

TEST_CASE("every operator's gradient is that of central differences"){
#define EMBER_OPERATOR(name)                                     \
  DYNAMIC_SECTION(#name) {                                       \
    for (const Case& c : Inputs<detail::Op::name>::cases()) {    \
      for (bool twice : {false, true}) check_gradient(c, twice); \
    }                                                            \
  }
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}

TEST_CASE("every operator's gradient behind a mask is that of central differences"){
#define EMBER_OPERATOR(name)                                                          \
  DYNAMIC_SECTION(#name) {                                                            \
    for (const Case& c : Inputs<detail::Op::name>::cases()) check_masked_gradient(c); \
  }
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}

TEST_CASE("no operator feels what a mask hides"){
#define EMBER_OPERATOR(name)                                                          \
  DYNAMIC_SECTION(#name) {                                                            \
    std::size_t count = 0;                                                            \
    for (const Case& c : Inputs<detail::Op::name>::cases()) count += check_masked(c); \
    CHECK(count > 0);                                                                 \
  }
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}

TEST_CASE("operators made of others have right values and gradients and feel nothing hidden") {
  for (const auto& [name, cases] : composed_operators()) {
    DYNAMIC_SECTION(name) {
      std::size_t count = 0;
      for (const Case& c : cases) {
        check_values(c);
        for (bool twice : {false, true}) check_gradient(c, twice);
        check_masked_gradient(c);
        count += check_masked(c);
      }
      CHECK(count > 0);
    }
  }
}

TEST_CASE("chains of operators have right gradients and feel nothing hidden") {
  for (const Case& c : chains()) {
    check_gradient(c, false);
    CHECK(check_masked(c) > 0);
  }
}
