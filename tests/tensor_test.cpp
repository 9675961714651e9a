// Tensors: how they are made, read, printed, and what is an error.
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <sstream>

#include "catch.hpp"

using namespace ember;

namespace {

std::vector<Real> values(const Tensor& x) { return {x.data().begin(), x.data().end()}; }

template <class T>
concept MakesTensor = requires(const T& x) { tensor(x); };

}  // namespace

TEST_CASE("tensors are made of numbers, nested lists and ranges") {
  const Tensor a = 1.5;
  CHECK(a.shape() == Shape{});
  CHECK(a.item() == 1.5);
  CHECK(tensor({1, 2, 3}).shape() == Shape{3});
  CHECK(tensor({{1, 2}, {3, 4}}).at({1, 0}) == 3);
  CHECK(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}).at({1, 0, 1}) == 6);
  CHECK(tensor({{1}, {2}}).shape() == Shape{2, 1});
  CHECK(tensor({{1}}).shape() == Shape{1, 1});
  CHECK(tensor({}).shape() == Shape{0});
  CHECK(tensor({5}).shape() == Shape{1});
  CHECK(values(tensor({1, 2.5, 3.0F})) == std::vector<Real>{1, 2.5, 3});
  const int n = 2;
  const unsigned k = 3;
  CHECK(values(tensor({n, 7})) == std::vector<Real>{2, 7});
  CHECK(zeros({n, k, std::size_t{4}}).shape() == Shape{2, 3, 4});

  const std::vector<double> list{1, 2, 3, 4, 5, 6};
  CHECK(tensor(list).shape() == Shape{6});
  CHECK(tensor(list, {3, 2}).at({2, 0}) == 5);
  CHECK(values(tensor(std::array<int, 2>{4, 5})) == std::vector<Real>{4, 5});
  CHECK(values(tensor(std::span<const double>(list).first(2))) == std::vector<Real>{1, 2});
  CHECK(values(tensor(std::vector<float>{0.5F})) == std::vector<Real>{0.5});
  CHECK(zeros({list.size(), 3}).shape() == Shape{6, 3});

  CHECK(values(zeros({2})) == std::vector<Real>{0, 0});
  CHECK(values(ones({2})) == std::vector<Real>{1, 1});
  CHECK(values(full({2}, 0.5)) == std::vector<Real>{0.5, 0.5});
  CHECK(values(arange(4)) == std::vector<Real>{0, 1, 2, 3});
  CHECK(values(arange(2, 5)) == std::vector<Real>{2, 3, 4});
  CHECK(arange(3, 1).shape() == Shape{0});
  CHECK(values(eye(2)) == std::vector<Real>{1, 0, 0, 1});
  CHECK(zeros({}).item() == 0);
}

TEST_CASE("contiguous ranges of numbers make tensors, and no others") {
  CHECK(values(tensor(Shape{2, 3})) == std::vector<Real>{2, 3});
  CHECK(Indices(Shape{2, 3}).size() == 2);
  STATIC_REQUIRE(MakesTensor<std::array<float, 2>>);
  STATIC_REQUIRE_FALSE(MakesTensor<std::vector<bool>>);
  STATIC_REQUIRE_FALSE(MakesTensor<std::deque<int>>);
  STATIC_REQUIRE_FALSE(MakesTensor<double[2][3]>);
}

TEST_CASE("what a tensor converts from") {
  STATIC_REQUIRE(std::is_convertible_v<int, Tensor>);
  STATIC_REQUIRE(std::is_convertible_v<float, Tensor>);
  STATIC_REQUIRE(std::is_convertible_v<std::uint64_t, Tensor>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<bool, Tensor>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Mask, Tensor>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const char*, Tensor>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<double*, Tensor>);
  STATIC_REQUIRE(std::is_convertible_v<bool, Mask>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<int, Mask>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Tensor, Mask>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const char*, Mask>);
}

TEST_CASE("ragged lists and values that do not fill a shape are errors") {
  CHECK_THROWS_AS(tensor({{1, 2}, {3}}), Error);
  CHECK_THROWS_AS(tensor({{1}, {2, 3}}), Error);
  CHECK_THROWS_AS(tensor({{1, 2}, 3}), Error);
  CHECK_THROWS_AS(tensor({1, {2, 3}}), Error);
  CHECK_THROWS_AS(tensor({{{1}}, {2}}), Error);
  CHECK_THROWS_AS(tensor({{1, 2}, {{3}, {4}}}), Error);
  CHECK_THROWS_AS(tensor({{1}, {{2, 3}}}), Error);
  CHECK(tensor({{{}}, {{}}}).shape() == Shape{2, 1, 0});
  CHECK_THROWS_AS(tensor(std::vector<double>{1, 2, 3}, {2, 2}), Error);
  CHECK_THROWS_AS(zeros({2, -1}), Error);
  CHECK_THROWS_AS(zeros({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), Error);
  CHECK_THROWS_AS(zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
}

TEST_CASE("an integer that Real cannot hold is an error") {
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  const auto huge = std::numeric_limits<std::uint64_t>::max();
  CHECK_THROWS_AS(Tensor(large), Error);
  CHECK_THROWS_AS(Tensor(huge), Error);
  CHECK_THROWS_AS(Tensor(std::numeric_limits<std::int64_t>::max()), Error);
  CHECK_THROWS_AS(tensor({large, 0}), Error);
  CHECK_THROWS_AS(tensor({{1}, {large}}), Error);
  CHECK_THROWS_AS(tensor(std::vector<std::int64_t>{0, large}), Error);
  CHECK_THROWS_AS(arange(large, large + 2), Error);
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  CHECK_THROWS_WITH(arange(least, std::numeric_limits<std::int64_t>::max()),
                    Catch::Contains("more numbers than memory has addresses"));
  CHECK(arange(std::numeric_limits<std::int64_t>::max(), least).numel() == 0);
  CHECK(Tensor(std::int64_t{1} << 62).item() == std::ldexp(Real{1}, 62));
  CHECK(Tensor(std::numeric_limits<std::int64_t>::min()).item() == -std::ldexp(Real{1}, 63));
  CHECK_THROWS_WITH(Tensor(large), Catch::Contains("4611686018427387905"));
}

TEST_CASE("elements are read by index, and wrong indices are errors") {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  CHECK(x.dim() == 2);
  CHECK(x.numel() == 6);
  CHECK(x.at({1, 2}) == 6);
  CHECK(x.at({-1, -3}) == 4);
  CHECK_THROWS_WITH(x.at({2, 0}), Catch::Contains("(2, 3)") && Catch::Contains("2"));
  CHECK_THROWS_AS(x.at({0, -4}), Error);
  CHECK_THROWS_AS(x.at({0}), Error);
  CHECK_THROWS_WITH(x.item(), Catch::Contains("(2, 3)"));
  CHECK(ones({1, 1}).item() == 1);
  CHECK(values(x[1]) == std::vector<Real>{4, 5, 6});
  CHECK(values(x[-1]) == std::vector<Real>{4, 5, 6});
  CHECK(values(select(x, 1, 0)) == std::vector<Real>{1, 4});
  CHECK(values(select(x, -1, -1)) == std::vector<Real>{3, 6});
  CHECK_THROWS_AS(x[2], Error);
  CHECK(x.slice(1, -2, 3).shape() == Shape{2, 2});
  CHECK(x.data().size() == 6);
  CHECK(x.data()[4] == 5);
}

TEST_CASE("using an undefined tensor's value is an error") {
  const Tensor nothing;
  CHECK_FALSE(nothing.defined());
  CHECK(Tensor(1).defined());
  CHECK_THROWS_AS(nothing.item(), Error);
  CHECK_THROWS_AS(nothing.shape(), Error);
  CHECK_THROWS_AS(nothing.data(), Error);
  CHECK_THROWS_AS(nothing + 1, Error);
  CHECK_THROWS_AS(exp(nothing), Error);
  CHECK_THROWS_AS(sum(nothing), Error);
  CHECK_THROWS_AS(concatenate({nothing}, 0), Error);
  CHECK_THROWS_AS(nothing.reshape({1}), Error);
  CHECK(to_string(nothing) == "undefined");
}

TEST_CASE("a tensor is a handle; what shows its numbers shares them") {
  const Tensor x = tensor({1, 2, 3, 4});
  const Tensor copy = x;
  CHECK(copy.data().data() == x.data().data());
  const Tensor matrix = x.reshape({2, 2});
  CHECK(matrix.data().data() == x.data().data());
  Tensor y = x;
  y += 1;
  CHECK(values(y) == std::vector<Real>{2, 3, 4, 5});
  CHECK(values(x) == std::vector<Real>{1, 2, 3, 4});
  y -= x;
  y *= 3;
  y /= 2;
  CHECK(values(y) == std::vector<Real>{1.5, 1.5, 1.5, 1.5});
  Tensor view;
  {
    const Tensor owner = tensor({1, 2, 3, 4});
    view = owner.reshape({4, 1}).reshape({2, 2});
  }
  CHECK(values(view) == std::vector<Real>{1, 2, 3, 4});
  Tensor moved = std::move(view);
  CHECK(moved.at({1, 1}) == 4);
  const Tensor& itself = moved;
  moved = itself;
  CHECK(moved.at({1, 1}) == 4);
}

TEST_CASE("indices are ranges of integers, or tensors of whole numbers") {
  const Tensor x = tensor({10, 11, 12});
  CHECK(values(index_select(x, 0, {2, 0})) == std::vector<Real>{12, 10});
  CHECK(values(index_select(x, 0, std::vector<int>{-1})) == std::vector<Real>{12});
  CHECK(values(index_select(x, 0, std::array<std::uint8_t, 2>{1, 1})) == std::vector<Real>{11, 11});
  CHECK(values(index_select(x, 0, tensor({0, 2}))) == std::vector<Real>{10, 12});
  CHECK_THROWS_AS(index_select(x, 0, tensor({0.5})), Error);
  CHECK_THROWS_AS(index_select(x, 0, tensor({std::nan("")})), Error);
  CHECK_THROWS_AS(index_select(x, 0, tensor({1e300})), Error);
  CHECK_THROWS_AS(index_select(x, 0, std::vector<std::uint64_t>{~std::uint64_t{0}}), Error);
}

TEST_CASE("stack joins along a new axis") {
  const Tensor v = tensor({1, 2});
  CHECK(stack({v, v + 2}, 0).shape() == Shape{2, 2});
  CHECK(values(stack({v, v + 2}, 0)) == std::vector<Real>{1, 2, 3, 4});
  CHECK(values(stack({v, v + 2}, 1)) == std::vector<Real>{1, 3, 2, 4});
  CHECK(values(stack({v, v + 2}, -1)) == std::vector<Real>{1, 3, 2, 4});
  CHECK(stack({Tensor(1), Tensor(2)}, 0).shape() == Shape{2});
}

// What NumPy 1.24 prints.
TEST_CASE("tensors print as NumPy's arrays do") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Real infinity = std::numeric_limits<Real>::infinity();
  CHECK(to_string(Tensor(1.5)) == "1.5");
  CHECK(to_string(Tensor(1)) == "1.0");
  CHECK(to_string(Tensor(-0.0001)) == "-0.0001");
  CHECK(to_string(Tensor(1e-5)) == "1e-05");
  CHECK(to_string(Tensor(1e16)) == "1e+16");
  CHECK(to_string(Tensor(nan)) == "nan");
  CHECK(to_string(Tensor(-infinity)) == "-inf");
  CHECK(to_string(tensor({1, 2, 3})) == "[1. 2. 3.]");
  CHECK(to_string(tensor({1, 2.5, -3.25})) == "[ 1.    2.5  -3.25]");
  CHECK(to_string(tensor({{1, 2}, {3, 4}})) == "[[1. 2.]\n [3. 4.]]");
  CHECK(to_string(tensor({{{1}}, {{2}}})) == "[[[1.]]\n\n [[2.]]]");
  CHECK(to_string(tensor({1, nan, infinity})) == "[ 1. nan inf]");
  CHECK(to_string(tensor({1, -infinity})) == "[  1. -inf]");
  CHECK(to_string(tensor({nan, nan})) == "[nan nan]");
  CHECK(to_string(tensor({1.0 / 3})) == "[0.33333333]");
  CHECK(to_string(tensor({1e10, 1.5e-3})) == "[1.0e+10 1.5e-03]");
  CHECK(to_string(tensor({1e100, 1})) == "[1.e+100 1.e+000]");
  CHECK(to_string(tensor({1e8})) == "[1.e+08]");
  CHECK(to_string(tensor({0.1, 1000})) == "[1.e-01 1.e+03]");
  CHECK(to_string(tensor({0, 10.5})) == "[ 0.  10.5]");
  CHECK(to_string(zeros({0})) == "[]");
  CHECK(to_string(zeros({2, 0})) == "[]");
  CHECK(to_string(arange(1001)) == "[   0.    1.    2. ...  998.  999. 1000.]");
  CHECK(to_string(arange(30)) ==
        "[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.\n"
        " 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29.]");
  CHECK(to_string(zeros({1001, 2})) ==
        "[[0. 0.]\n [0. 0.]\n [0. 0.]\n ...\n [0. 0.]\n [0. 0.]\n [0. 0.]]");
  std::ostringstream text;
  text << tensor({1, 2});
  CHECK(text.str() == "[1. 2.]");
}
