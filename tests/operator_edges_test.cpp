// Where operators have to choose: ties, zeros, bounds, NaN; and the operators that give constants.
#include <ember/core/gradient.hpp>
#include <ember/core/operators.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

// The gradient of sum(weights * f(x)).
template <class F>
Tensor gradient(const Tensor& x, F f, const Tensor& weights = 1) {
  return value_and_grad([&](std::span<const Tensor> in) { return sum(weights * f(in[0])); }, {x})
      .grads[0];
}

}  // namespace

TEST_CASE("maximum and minimum share the gradient of equal operands, and keep NaN") {
  const auto both = [](Tensor (*f)(const Tensor&, const Tensor&)) {
    return value_and_grad(
               [&](std::span<const Tensor> in) {
                 return sum(f(in[0], in[1]) * tensor({4, 4, 4}));
               },
               {tensor({1, 2, 3}), tensor({2, 2, 2})})
        .grads;
  };
  CHECK(same_bits(both(maximum)[0], tensor({0, 2, 4})));
  CHECK(same_bits(both(maximum)[1], tensor({4, 2, 0})));
  CHECK(same_bits(both(minimum)[0], tensor({4, 2, 0})));
  CHECK(same_bits(both(minimum)[1], tensor({0, 2, 4})));
  for (const Tensor& y : {maximum(kNaN, 1), maximum(1, kNaN), minimum(kNaN, 1), minimum(1, kNaN)}) {
    CHECK(std::isnan(y.item()));
  }
  CHECK(same_bits(maximum(tensor({{1}, {3}}), tensor({2, 4})), tensor({{2, 4}, {3, 4}})));
}

TEST_CASE("the gradient of clamp is 1 on its bounds, that of relu and abs is 0 at 0") {
  const Tensor x = tensor({-2, -1, 0, 1, 2});
  CHECK(same_bits(clamp(x, -1, 1), tensor({-1, -1, 0, 1, 1})));
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return clamp(v, -1, 1); }),
                  tensor({0, 1, 1, 1, 0})));
  CHECK(same_bits(clamp(x, 0, kInfinity), tensor({0, 0, 0, 1, 2})));
  CHECK(same_bits(clamp(x, -kInfinity, 0), tensor({-2, -1, 0, 0, 0})));
  CHECK(same_bits(clamp(x, 1, 1), ones({5})));
  CHECK(std::isnan(clamp(kNaN, -1, 1).item()));
  CHECK(has(error_of([&] { clamp(x, 1, -1); }), "clamp: the bounds 1 and -1"));
  CHECK(has(error_of([&] { clamp(x, kNaN, 1); }), "clamp: "));
  CHECK(same_bits(gradient(x, relu), tensor({0, 0, 0, 1, 1})));
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return abs(v); }), tensor({-1, -1, 0, 1, 1})));
  CHECK(std::isnan(relu(kNaN).item()));
}

TEST_CASE("a square as a power") {
  const Tensor x = tensor({-3.0, -0.5, 0.0, 2.0, Real(1e18), kInfinity, kNaN});
  const Tensor two = full({7}, 2);  // no single number: the general way
  CHECK(same_bits(pow(x, 2), pow(x, two)));
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return pow(v, 2); }),
                  gradient(x, [&](const Tensor& v) { return pow(v, two); })));
  // an exponent that is differentiated keeps its gradient, log(3) 3^2
  const auto by_exponent =
      value_and_grad([](std::span<const Tensor> in) { return pow(3, in[0]); }, {Tensor(2.0)});
  CHECK(by_exponent.grads[0].item() == Approx(9 * std::log(3.0)));
}

TEST_CASE("an infinite adjoint does not get past what is cut off") {
  const Tensor x = tensor({-1, 4});
  const auto root_of = [&](const auto& f) {
    return gradient(x, [&](const Tensor& v) { return sqrt(f(v)); });
  };
  CHECK(same_bits(root_of(relu), tensor({0, 0.25})));
  CHECK(same_bits(root_of([](const Tensor& v) { return clamp(v, 0, 9); }), tensor({0, 0.25})));
  CHECK(same_bits(root_of([](const Tensor& v) { return maximum(v, 0); }), tensor({0, 0.25})));
}

TEST_CASE("among equal elements the first is the extreme one, and takes the gradient") {
  const Tensor x = tensor({{1, 3, 3}, {0, 0, 2}});
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return max(v, 1); }),
                  tensor({{0, 1, 0}, {0, 0, 1}})));
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return min(v, 1); }),
                  tensor({{1, 0, 0}, {1, 0, 0}})));
  CHECK(same_bits(argmax(x, 1), tensor({1, 2})));
  CHECK(same_bits(argmin(x, -1), tensor({0, 0})));
  CHECK(same_bits(argmax(x, 0), tensor({0, 0, 0})));
  CHECK(same_bits(argmin(x, 0, true), tensor({{1, 1, 1}})));
  CHECK(argmax(zeros({0, 3}), 1).shape() == Shape{0});
  const Tensor holes = tensor({{1, kNaN, 3, kNaN}});
  CHECK(same_bits(argmax(holes, 1), tensor({1})));
  CHECK(same_bits(argmin(holes, 1), tensor({1})));
  CHECK(std::isnan(min(holes).item()));
  CHECK(std::isnan(max(holes).item()));
}

TEST_CASE("a product with zeros has the gradient of the other factors") {
  const auto f = [](const Tensor& v) { return prod(v, 1); };
  CHECK(same_bits(gradient(tensor({{2, 3, 4}, {2, 0, 4}, {0, 3, 0}}), f),
                  tensor({{12, 8, 6}, {0, 8, 0}, {0, 0, 0}})));
  CHECK(prod(zeros({0})).item() == 1);
  CHECK(same_bits(prod(zeros({2, 0}), 1), ones({2})));
}

TEST_CASE("a length and a deviation of 0 have gradient 0") {
  const Tensor x = tensor({{0, 0}, {3, 4}});
  CHECK(same_bits(norm(x, 1), tensor({0, 5})));
  const Tensor slopes = gradient(x, [](const Tensor& v) { return norm(v, 1); });
  CHECK(same_bits(slopes[0], zeros({2})));
  CHECK(slopes.at({1, 0}) == Approx(0.6));
  CHECK(slopes.at({1, 1}) == Approx(0.8));
  CHECK(same_bits(gradient(full({3}, 2), [](const Tensor& v) { return stddev(v); }), zeros({3})));
  CHECK(std::isnan(norm(tensor({kNaN, 1})).item()));
}

TEST_CASE("variances count with a correction, and want more elements than that") {
  const Tensor x = tensor({1, 2, 3, 6});
  CHECK(var(x).item() == Approx(14.0 / 3));
  CHECK(var(x, {}, false, 0).item() == Approx(14.0 / 4));
  CHECK(stddev(x).item() == Approx(std::sqrt(14.0 / 3)));
  CHECK(var(ones({1}), {}, false, 0).item() == 0);
  const std::string text = error_of([] { var(ones({3, 1}), 1); });
  CAPTURE(text);
  CHECK(has(text, "var: shape (3, 1) has 1 element"));
  CHECK(has(error_of([] { var(zeros({0}), {}, false, 0); }), "shape (0,) has 0 elements"));
}

TEST_CASE("equal elements keep their order, and NaN comes last") {
  const Tensor x = tensor({{2, 1, 2, 1}, {3, kNaN, -1, kInfinity}});
  CHECK(same_bits(argsort(x), tensor({{1, 3, 0, 2}, {2, 0, 3, 1}})));
  CHECK(same_bits(argsort(x, 1, true), tensor({{0, 2, 1, 3}, {1, 3, 0, 2}})));
  CHECK(same_bits(argsort(tensor({{2, 1}, {1, 1}}), 0), tensor({{1, 0}, {0, 1}})));
  CHECK(same_bits(slice(sort(x)[1], 0, 0, 3), tensor({-1, 3, kInfinity})));
  CHECK(std::isnan(sort(x).at({1, 3})));
  const Tensor weights = tensor({1, 10, 100, 1000});
  CHECK(same_bits(gradient(
                      x[0], [](const Tensor& v) { return sort(v); }, weights),
                  tensor({100, 1, 1000, 10})));
}

TEST_CASE("quantiles are linear between order statistics, and NaN among NaN") {
  const Tensor x = tensor({{4, 1, 3, 2}, {1, kNaN, 0, 5}});
  CHECK(quantile(x, Real(0.5)).at({0}) == 2.5);
  CHECK(std::isnan(quantile(x, 0).at({1})));
  CHECK(quantile(tensor({1, kInfinity}), 0).item() == 1);
  CHECK(quantile(tensor({1, 2, kInfinity}), Real(0.5)).item() == 2);
  CHECK(same_bits(gradient(x[0], [](const Tensor& v) { return quantile(v, Real(0.5), 0); }),
                  tensor({0, 0, 0.5, 0.5})));
  CHECK(has(error_of([&] { quantile(x, 2); }), "quantile: q is 2"));
  CHECK(has(error_of([&] { quantile(x, kNaN); }), "quantile: q is nan"));
  CHECK(has(error_of([&] { quantile(zeros({2, 0}), 0); }), "(2, 0)"));
}

TEST_CASE("what has no derivative is a constant") {
  const Tensor x = tensor({-1.5, 0, 2.5, -0.5});
  CHECK(same_bits(sign(x), tensor({-1, 0, 1, -1})));
  CHECK((floor(x) == tensor({-2, 0, 2, -1})).is_all());
  CHECK((ceil(x) == tensor({-1, 0, 3, 0})).is_all());
  for (Tensor (*f)(const Tensor&) : {sign, floor, ceil}) {
    CHECK(std::isnan(f(kNaN).item()));
    CHECK(f(zeros({2, 0})).shape() == Shape{2, 0});
    // d (f(x) x) / dx = f(x)
    CHECK((gradient(x, [f](const Tensor& v) { return f(v) * v; }) == f(x)).is_all());
  }
  CHECK(same_bits(gradient(x, [](const Tensor& v) { return argsort(v) + argmax(v, 0); }),
                  zeros({4})));
}

TEST_CASE("one_hot and linspace") {
  CHECK(same_bits(one_hot(tensor({2, 0}), 3), tensor({{0, 0, 1}, {1, 0, 0}})));
  CHECK(same_bits(one_hot(1, 2), tensor({0, 1})));
  CHECK(one_hot(zeros({2, 0}), 3).shape() == Shape{2, 0, 3});
  CHECK(has(error_of([] { one_hot(tensor({0, 3}), 3); }), "one_hot: index 3 is none of 3"));
  CHECK(has(error_of([] { one_hot(-1, 3); }), "index -1"));
  CHECK(has(error_of([] { one_hot(tensor({0.5}), 3); }), "0.5"));
  CHECK(has(error_of([] { one_hot(zeros({0}), 0); }), "one_hot: 0 classes"));
  CHECK(same_bits(linspace(-1, 1, 5), tensor({-1, -0.5, 0, 0.5, 1})));
  CHECK(linspace(Real(0.1), Real(0.7), 8).at({7}) == Real(0.7));
  CHECK(same_bits(linspace(3, 9, 1), tensor({3})));
  CHECK(linspace(3, 9, 0).shape() == Shape{0});
  CHECK(has(error_of([] { linspace(0, 1, -1); }), "linspace: "));
}

TEST_CASE("axes and lengths that do not fit are errors that name them") {
  const Tensor x = zeros({2, 3});
  CHECK(has(error_of([&] { squeeze(x, 0); }), "squeeze: axis 0 of shape (2, 3)"));
  CHECK(has(error_of([&] { unsqueeze(x, 3); }), "unsqueeze: shape (2, 3) can't get axis 3"));
  CHECK(has(error_of([&] { permute(x, {0}); }), "permute: axes {0} of shape (2, 3)"));
  CHECK(has(error_of([&] { permute(x, {1, -1}); }), "permute: axes {1, -1}"));
  CHECK(has(error_of([&] { permute(x, {0, 1, 0}); }), "permute: axes {0, 1, 0}"));
  CHECK(has(error_of([&] { permute(x, {0, 2}); }), "permute: axis 2"));
  CHECK(has(error_of([&] { dot(x, x); }), "dot: shapes (2, 3) and (2, 3)"));
  CHECK(has(error_of([] { dot(zeros({2}), zeros({3})); }), "dot: shapes (2,) and (3,)"));
  CHECK(has(error_of([&] { outer(zeros({2}), x); }), "outer: shapes (2,) and (2, 3)"));
  CHECK(has(error_of([&] { maximum(x, zeros({2, 4})); }), "maximum: shapes (2, 3) and (2, 4)"));
  for (const auto& [who, f] : std::vector<std::pair<std::string, std::function<void()>>>{
           {"prod", [&] { prod(x, 2); }},
           {"min", [&] { min(x, 2); }},
           {"argmax", [&] { argmax(x, 2); }},
           {"argmin", [&] { argmin(x, 2); }},
           {"var", [&] { var(x, 2); }},
           {"norm", [&] { norm(x, 2); }},
           {"sort", [&] { sort(x, 2); }},
           {"argsort", [&] { argsort(x, 2); }},
           {"quantile", [&] { quantile(x, 0, 2); }},
           {"squeeze", [&] { squeeze(x, 2); }}}) {
    const std::string text = error_of(f);
    INFO(who << ": " << text);
    CHECK(has(text, "axis 2"));
    CHECK(has(text, "(2, 3)"));
    CHECK(text.rfind(who + ": ", 0) == 0);
  }
  CHECK(has(error_of([] { min(zeros({2, 0}), 1); }), "min: shape (2, 0)"));
  CHECK(has(error_of([] { argmax(zeros({2, 0}), 1); }), "argmax: shape (2, 0)"));
}
