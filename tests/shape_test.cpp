#include <ember/core/error.hpp>
#include <ember/core/shape.hpp>

#include "catch.hpp"

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
