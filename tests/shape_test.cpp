#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/shape.hpp>
#include <ember/distributions/normal.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

TEST_CASE("shapes broadcast from the right") {
  CHECK(broadcast_shapes({3, 1}, {4}, "test") == Shape{3, 4});
  CHECK(broadcast_shapes({}, {2, 0}, "test") == Shape{2, 0});
  CHECK(broadcasts_to({1, 4}, {3, 4}));
  CHECK_FALSE(broadcasts_to({3, 4}, {1, 4}));
  CHECK_THROWS_AS(broadcast_shapes({2, 3}, {2, 4}, "test"), Error);
  CHECK(normalize_axis(-1, {2, 3}, "test") == 1);
  CHECK_THROWS_AS(normalize_axis(2, {2, 3}, "test"), Error);
}

TEST_CASE("a rank above twelve or a negative size is an error") {
  Shape shape;
  for (int i = 0; i < 12; ++i) shape.push_back(1);
  CHECK_THROWS_AS(shape.push_back(1), Error);
  CHECK_THROWS_AS(Shape({2, -1}), Error);
}

TEST_CASE("more elements than memory has addresses are an error, however a shape comes about") {
  constexpr Index kMany = Index{1} << 33;
  const auto is_error = [](auto f) {
    check_error(f, {"(8589934592, 8589934592) has more elements than memory has addresses"});
  };
  is_error([] { broadcast_shapes({kMany, 1}, {1, kMany}, "test"); });
  is_error([] { Shape({0, kMany, kMany}).after(1); });
  is_error([] { Shape({0, kMany, kMany}).without(0); });
  CHECK(broadcast_shapes({0, kMany, 1}, {1, 1, kMany}, "test") == Shape{0, kMany, kMany});
  CHECK(broadcast_shapes({1, kMany}, {1}, "test") == Shape{1, kMany});
  is_error([] { any(Mask::filled({0, kMany, kMany}, true), 0); });
  check_error(
      [] {
        sum(zeros({0, kMany, kMany}), {0}, true);
      },
      {"(1, 8589934592, 8589934592) has more elements"});
  const distributions::Distribution d = distributions::Normal(0, 1).expand({kMany, 1});
  is_error([&] { d.log_prob_sum(0, Mask::filled({1, kMany}, true)); });
  is_error([&] { d.log_prob(0, Mask::filled({1, kMany}, true)); });
}
