// The tape: what outlives a recording, what may be used where, and that nothing is allocated in
// steady state.
#include <ember/core/error.hpp>
#include <ember/core/gradient.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>
#include <ember/distributions/normal.hpp>

#include <thread>

#include "allocations.hpp"
#include "catch.hpp"

using namespace ember;
using detail::Recording;

namespace {

bool same(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && (a == b).is_all(); }

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a tensor that outlives its recording becomes a constant") {
  Tensor product, view, scalar, row, constant, empty;
  const Tensor x = tensor({{1, 2}, {3, 4}});
  {
    Recording recording;
    const Tensor leaf = Recording::leaf(x);
    product = leaf * 2;
    view = reshape(leaf, {4});
    scalar = sum(product);
    row = product[1];
    constant = ones({3});
    empty = leaf.slice(0, 1, 1);
    recording.backward(scalar);
  }
  // Other recordings take the slots and the memory again.
  for (int i = 0; i < 3; ++i) {
    const Recording recording;
    const Tensor other = sum(Recording::leaf(full({2, 2}, 9)) * 100);
    CHECK(other.item() == 3600);
  }
  CHECK(same(product, tensor({{2, 4}, {6, 8}})));
  CHECK(same(view, tensor({1, 2, 3, 4})));
  CHECK(view.data().data() == x.data().data());
  CHECK(scalar.item() == 20);
  CHECK(same(row, tensor({6, 8})));
  CHECK(same(constant, ones({3})));
  CHECK(empty.shape() == Shape{0, 2});
  // As constants they have no gradient, and none is passed on.
  const auto [value, grads] =
      value_and_grad([&](std::span<const Tensor> in) { return sum(in[0] * product); }, {x});
  CHECK(value == 2 + 8 + 18 + 32);
  CHECK(same(grads[0], product));
}

TEST_CASE("neighbours of a constant are shown while something is recorded, and not copied") {
  Tensor x = tensor({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  Tensor row, rows, column, doubled_row;
  {
    Recording recording;
    row = x[1];
    rows = x.slice(0, 1, 3);
    column = x.slice(1, 0, 1);
    doubled_row = (x * 2)[2];
    CHECK(row.data().data() == x.data().data() + 3);
    CHECK(rows.data().data() == x.data().data() + 3);
    CHECK(same(rows[1], tensor({7, 8, 9})));
    CHECK(same(rows.slice(0, 0, 1), tensor({{4, 5, 6}})));
    CHECK(same(x[0].slice(0, 2, 3), tensor({3})));
    const Tensor leaf = Recording::leaf(x);
    const Tensor y = sum(leaf[1] * row);
    CHECK(y.item() == 16 + 25 + 36);
    recording.backward(y);
    CHECK(same(detail::adjoint_of(leaf), tensor({{0, 0, 0}, {4, 5, 6}, {0, 0, 0}})));
  }
  detail::own_values(x)[3] = 100;  // somebody shows the numbers: they stay
  CHECK(x.at({1, 0}) == 100);
  CHECK(same(row, tensor({4, 5, 6})));
  CHECK(same(rows, tensor({{4, 5, 6}, {7, 8, 9}})));
  x = Tensor();
  const Recording recording;
  const Tensor other = ones({100}) * 3;
  CHECK(same(row, tensor({4, 5, 6})));
  CHECK(same(column, tensor({{1}, {4}, {7}})));
  CHECK(same(doubled_row, tensor({14, 16, 18})));
  CHECK(other.at({0}) == 3);
}

TEST_CASE("gradients and values of a recording are the user's to keep") {
  std::vector<Tensor> kept;
  for (int i = 1; i <= 5; ++i) {
    const auto [value, grads] = value_and_grad(
        [&](std::span<const Tensor> in) { return sum(square(in[0]) * i); }, {tensor({1, 2})});
    CHECK(value == 5 * i);
    kept.push_back(grads[0]);
  }
  for (int i = 1; i <= 5; ++i)
    CHECK(same(kept[static_cast<std::size_t>(i - 1)], tensor({2, 4}) * i));
}

TEST_CASE("recordings nest, and an inner one leaves the outer one as it was") {
  const auto outer = value_and_grad(
      [](std::span<const Tensor> in) {
        const Tensor doubled = 2 * in[0];
        const Tensor weights = ones({3}) * 5;
        const auto inner = value_and_grad(
            [&](std::span<const Tensor> deep) { return sum(deep[0] * deep[0] * weights); },
            {tensor({1, 2, 3})});
        CHECK(inner.value == 70);
        CHECK(same(inner.grads[0], tensor({10, 20, 30})));
        return sum(doubled * inner.grads[0]);
      },
      {tensor({7, 8, 9})});
  CHECK(outer.value == 2 * (70 + 160 + 270));
  CHECK(same(outer.grads[0], tensor({20, 40, 60})));
}

TEST_CASE("an inner gradient that depends on an outer tensor is an error") {
  const Tensor x = tensor({1, 2});
  const auto nested = [&](const std::function<void(const Tensor&)>& use) {
    return error_of([&] {
      value_and_grad(
          [&](std::span<const Tensor> in) {
            use(in[0]);
            return sum(in[0]);
          },
          {x});
    });
  };
  const auto inner_with = [&](const std::function<Tensor(const Tensor&, const Tensor&)>& f) {
    return nested([&](const Tensor& outer) {
      value_and_grad([&](std::span<const Tensor> deep) { return f(deep[0], outer); }, {x});
    });
  };
  const std::string what = "an inner value_and_grad depends on a tensor of an outer one";
  CHECK_THAT(inner_with([](const Tensor& a, const Tensor& b) { return sum(a * b); }),
             Catch::Contains(what) && Catch::Contains("multiply"));
  CHECK_THAT(inner_with([](const Tensor& a, const Tensor& b) { return sum(a) + sum(b); }),
             Catch::Contains(what));
  CHECK_THAT(inner_with([](const Tensor& a, const Tensor& b) {
               return sum(concatenate({a, b.reshape({2, 1}).reshape({2})}, 0));
             }),
             Catch::Contains(what));
  CHECK_THAT(nested([&](const Tensor& outer) {
               value_and_grad([&](std::span<const Tensor> deep) { return sum(deep[0]); }, {outer});
             }),
             Catch::Contains(what));
  // the outer tensor itself as the result
  CHECK_THAT(nested([&](const Tensor& outer) {
               const Tensor total = sum(outer);
               value_and_grad([&](std::span<const Tensor>) { return total; }, {x});
             }),
             Catch::Contains(what));
  CHECK(inner_with([](const Tensor& a, const Tensor& b) { return sum(a * detach(b)); }) == "");
  CHECK(inner_with([](const Tensor& a, const Tensor&) { return sum(a * (zeros({2}) + 1)); }) == "");
}

TEST_CASE("a recording that an exception ends leaves the tape usable") {
  const Tensor x = tensor({1, 2});
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_AS(
        value_and_grad([](std::span<const Tensor> in) -> Tensor { return in[0] + zeros({3}); },
                       {x}),
        Error);
  }
  CHECK_FALSE(detail::Tape::current().recording());
  CHECK(value_and_grad([](std::span<const Tensor> in) { return sum(in[0]); }, {x}).value == 3);
}

TEST_CASE("a live tape tensor in another thread is an error") {
  const std::string what = "a tensor that another thread is recording was used in this one";
  const Recording recording;
  const Tensor x = Recording::leaf(tensor({1, 2}));
  const Tensor constant = ones({2}) + 1;
  std::vector<std::string> errors;
  std::thread other([&] {
    errors.push_back(error_of([&] { exp(x); }));
    errors.push_back(error_of([&] { constant + 1; }));
    errors.push_back(error_of([&] { reshape(x, {2, 1}); }));
    errors.push_back(error_of([&] { detach(x); }));
    errors.push_back(error_of([&] {
      value_and_grad([&](std::span<const Tensor> in) { return sum(in[0] * x); }, {ones({2})});
    }));
    errors.push_back(error_of(
        [&] { value_and_grad([&](std::span<const Tensor> in) { return sum(in[0]); }, {x}); }));
    errors.push_back(error_of([&] { (void)(x > 0); }));
    errors.push_back(error_of([&] { (void)(1 > constant); }));
    errors.push_back(error_of([&] { isnan(x); }));
    errors.push_back(error_of([&] { sign(x); }));
    errors.push_back(error_of([&] { argmax(x, 0); }));
    errors.push_back(error_of([&] { argsort(x); }));
    errors.push_back(error_of([&] { x.data(); }));
    errors.push_back(error_of([&] { sum(constant).item(); }));
    errors.push_back(error_of([&] { x.at({0}); }));
  });
  other.join();
  REQUIRE(errors.size() == 15);
  for (const std::string& error : errors) CHECK_THAT(error, Catch::Contains(what));
}

TEST_CASE("threads record at once, each on its own tape") {
  const Tensor data = arange(100);
  std::vector<std::thread> threads;
  std::vector<Tensor> gradients(4);
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        gradients[t] = value_and_grad(
                           [&](std::span<const Tensor> in) {
                             return sum(square(in[0] - data) * static_cast<int>(t + 1));
                           },
                           {zeros({100})})
                           .grads[0];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    CHECK(same(gradients[t], data * (-2 * static_cast<int>(t + 1))));
  }
}

TEST_CASE("value_and_grad gives zeros for what is not used, and wants one number") {
  const auto f = [](std::span<const Tensor> in) { return sum(in[1]); };
  const ValueAndGrad result = value_and_grad(f, {ones({2, 2}), ones({3})});
  CHECK(same(result.grads[0], zeros({2, 2})));
  CHECK(same(result.grads[1], ones({3})));
  const ValueAndGrad constant =
      value_and_grad([](std::span<const Tensor>) { return Tensor(3); }, {ones({2})});
  CHECK(constant.value == 3);
  CHECK(same(constant.grads[0], zeros({2})));
  CHECK_THROWS_AS(value_and_grad([](std::span<const Tensor> in) { return in[0]; }, {ones({2})}),
                  Error);
  CHECK_THROWS_AS(value_and_grad([](std::span<const Tensor>) { return Tensor(); }, {ones({2})}),
                  Error);
  // one element of any shape will do
  CHECK(value_and_grad([](std::span<const Tensor> in) { return in[0]; }, {ones({1, 1})}).value ==
        1);
}

TEST_CASE("a chain of operators takes nothing from the heap in steady state") {
  const Tensor x = full({40, 25}, 0.5);
  const Tensor bias = full({25}, 0.1);
  const Tensor data = full({40, 25}, 0.2);
  const Mask seen = (reshape(arange(40), {40, 1}) < 30) & (arange(25) > 3);
  Real total = 0;
  const auto step = [&] {
    Recording recording;
    const Tensor a = Recording::leaf(x);
    const Tensor b = Recording::leaf(bias);
    const Tensor y = exp(a) * b + tanh(a - b) / (1 + square(a));
    const Tensor scores = log_softmax(reshape(y, {25, 40}), -1);
    const Tensor masked = distributions::Normal(y, 1).mask(seen).log_prob_sum(data);
    const Tensor chosen = where(seen, y, a);
    recording.backward(sum(scores) + masked + mean(chosen) + sum(logsumexp(y, Axes())));
    total += *a.node().adjoint;
  };
  for (int i = 0; i < 3; ++i) step();
  const std::size_t before = testing::allocations();
  for (int i = 0; i < 10; ++i) step();
  if (testing::kCountsAllocations) CHECK(testing::allocations() - before == 0);
  CHECK(std::isfinite(total));
}

TEST_CASE("requests that grow from step to step leave no chunks behind") {
  detail::Arena arena;
  constexpr std::size_t kFirst = std::size_t{9} << 20U, kMore = std::size_t{1} << 17U;
  for (std::size_t step = 0; step < 60; ++step) {
    const detail::Arena::Mark begin = arena.mark();
    static_cast<void>(arena.allocate(1000));
    for (int request = 0; request < 3; ++request) {
      static_cast<void>(arena.allocate(kFirst + step * kMore));
    }
    arena.release(begin);
  }
  CHECK(arena.reserved() <= 2 * 3 * (kFirst + 60 * kMore));
}

TEST_CASE("what follows a large request takes little") {
  detail::Arena arena;
  constexpr std::size_t kLarge = std::size_t{1} << 26U;
  static_cast<void>(arena.allocate(kLarge));
  static_cast<void>(arena.allocate(64));
  CHECK(arena.reserved() <= kLarge + (std::size_t{1} << 23U));
}

TEST_CASE("counting allocations works") {
  const std::size_t before = testing::allocations();
  const Tensor x = zeros({100});
  if (testing::kCountsAllocations) CHECK(testing::allocations() - before == 2);
  CHECK(x.numel() == 100);
}
