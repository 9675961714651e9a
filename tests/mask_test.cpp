// Masks against plain loops over positions; what is cached of them stays right.
#include <ember/core/error.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/once.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>

#include <cmath>
#include <thread>

#include "catch.hpp"
#include "operator_case.hpp"
#include "support.hpp"

using namespace ember;
using namespace ember::testing;

namespace {

const std::vector<Shape>& mask_shapes() {
  static const std::vector<Shape> shapes{{},     {1},    {5},    {2, 3},    {2, 1},   {1, 3},
                                         {4, 1}, {0, 3}, {3, 0}, {2, 3, 4}, {2, 1, 4}};
  return shapes;
}

// Masks of a shape that keep nothing, little, half, most, all.
std::vector<Mask> masks_of(const Shape& shape) {
  std::vector<Mask> masks{Mask::filled(shape, true), Mask::filled(shape, false)};
  const Tensor dice = numbers(shape, 0, 1, 5 + static_cast<std::uint64_t>(shape.numel()));
  for (double kept : {0.2, 0.5, 0.9}) masks.push_back(dice < kept);
  return masks;
}

bool at(const Mask& mask, const Position& p) {
  const std::size_t skip = p.size() - mask.shape().rank();
  Index offset = 0;
  for (std::size_t a = 0; a < mask.shape().rank(); ++a) {
    offset = offset * mask.shape()[a] + (mask.shape()[a] == 1 ? 0 : p[a + skip]);
  }
  return mask.to_bytes()[static_cast<std::size_t>(offset)] != 0;
}

template <class F>
std::vector<std::uint8_t> bytes_over(const Shape& shape, F f) {
  std::vector<std::uint8_t> bytes;
  each_position(shape, [&](const Position& p) { bytes.push_back(f(p) ? 1 : 0); });
  return bytes;
}

void check_mask(const Mask& mask, const Shape& shape, const std::vector<std::uint8_t>& expected) {
  REQUIRE(mask.shape() == shape);
  CHECK(mask.to_bytes() == expected);
  const auto kept = std::count(expected.begin(), expected.end(), std::uint8_t{1});
  CHECK(mask.count() == kept);
  if (!expected.empty()) {
    CHECK(mask.is_all() == (kept == shape.numel()));
    CHECK(mask.is_none() == (kept == 0));
  }
  CHECK(mask == Mask::from_bytes(shape, expected));
}

}  // namespace

TEST_CASE("and, or, not are those of every element, broadcast") {
  for (const Shape& left : mask_shapes()) {
    for (const Shape& right : mask_shapes()) {
      if (!can_broadcast(left, right)) {
        CHECK_THROWS_AS(Mask::filled(left, true) & Mask::filled(right, true), Error);
        CHECK_THROWS_AS(Mask::filled(left, true) | Mask::filled(right, true), Error);
        continue;
      }
      const Shape shape = broadcast_shapes(left, right, "test");
      for (const Mask& a : masks_of(left)) {
        for (const Mask& b : masks_of(right)) {
          check_mask(a & b, shape,
                     bytes_over(shape, [&](const Position& p) { return at(a, p) && at(b, p); }));
          check_mask(a | b, shape,
                     bytes_over(shape, [&](const Position& p) { return at(a, p) || at(b, p); }));
        }
      }
    }
    for (const Mask& a : masks_of(left)) {
      check_mask(!a, left, bytes_over(left, [&](const Position& p) { return !at(a, p); }));
      CHECK((!!a) == a);
    }
  }
}

TEST_CASE("any and all, over everything and along each axis") {
  for (const Shape& shape : mask_shapes()) {
    for (const Mask& mask : masks_of(shape)) {
      const std::vector<std::uint8_t> bytes = mask.to_bytes();
      CHECK(any(mask) == Mask(std::count(bytes.begin(), bytes.end(), 1) > 0));
      CHECK(all(mask) == Mask(std::count(bytes.begin(), bytes.end(), 0) == 0));
      const auto rank = static_cast<Index>(shape.rank());
      for (Index axis = -rank; axis < rank; ++axis) {
        const Reduced reduced = reduced_shapes(shape, {axis});
        std::vector<std::uint8_t> some, every;
        for (const Numbers& group : groups(to_tensor(mask), reduced.kept)) {
          some.push_back(std::count(group.begin(), group.end(), 1) > 0 ? 1 : 0);
          every.push_back(std::count(group.begin(), group.end(), 0) == 0 ? 1 : 0);
        }
        check_mask(any(mask, axis), reduced.gone, some);
        check_mask(all(mask, axis), reduced.gone, every);
      }
      CHECK_THROWS_AS(any(mask, rank), Error);
      CHECK_THROWS_AS(all(mask, -rank - 1), Error);
    }
  }
}

TEST_CASE("broadcasting a mask and reducing it back") {
  for (const Shape& from : mask_shapes()) {
    for (const Shape& to : mask_shapes()) {
      for (const Mask& mask : masks_of(from)) {
        if (!broadcasts_to(from, to)) {
          CHECK_THROWS_AS(mask.broadcast_to(to), Error);
          continue;
        }
        check_mask(mask.broadcast_to(to), to,
                   bytes_over(to, [&](const Position& p) { return at(mask, p); }));
        for (const Mask& wide : masks_of(to)) {
          std::vector<std::uint8_t> expected(static_cast<std::size_t>(from.numel()), 0);
          each_position(to, [&](const Position& p) {
            Index offset = 0;
            const std::size_t skip = p.size() - from.rank();
            for (std::size_t a = 0; a < from.rank(); ++a) {
              offset = offset * from[a] + (from[a] == 1 ? 0 : p[a + skip]);
            }
            if (at(wide, p)) expected[static_cast<std::size_t>(offset)] = 1;
          });
          check_mask(any_to_shape(wide, from), from, expected);
        }
      }
    }
  }
}

TEST_CASE("elements, shapes and selections of a mask") {
  const Mask mask = mask_of({true, false, true, true, false, false}, {2, 3});
  CHECK(mask.at({0, 0}));
  CHECK_FALSE(mask.at({1, 2}));
  CHECK(mask.count() == 3);
  CHECK_THROWS_AS(mask.at({2, 0}), Error);
  CHECK_THROWS_AS(mask.at({0}), Error);
  CHECK(mask.reshape({3, 2}).at({1, 1}));
  CHECK_THROWS_AS(mask.reshape({4}), Error);
  CHECK(mask.unsqueeze_right(2).shape() == Shape{2, 3, 1, 1});
  const std::vector<Index> rows{1, 1, 0};
  check_mask(index_select(mask, 0, rows), {3, 3}, {1, 0, 0, 1, 0, 0, 1, 0, 1});
  check_mask(index_select(mask, -1, rows), {2, 3}, {0, 0, 1, 0, 0, 1});
  CHECK_THROWS_AS(index_select(mask, 0, std::vector<Index>{2}), Error);
  CHECK_THROWS_AS(mask_of({true, false}, {3}), Error);
  CHECK(mask_of({true, true}).is_all());
  CHECK(to_string(mask) == "mask of shape (2, 3) keeping 3 of 6");
  CHECK_FALSE(mask == mask.reshape({3, 2}));
  CHECK_FALSE(mask == !mask);
}

TEST_CASE("comparisons and tests of numbers make masks") {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = tensor({-1.0, 0.0, 2.0, nan, infinity, -infinity});
  check_mask(isnan(x), {6}, {0, 0, 0, 1, 0, 0});
  check_mask(isfinite(x), {6}, {1, 1, 1, 0, 0, 0});
  check_mask(x > 0, {6}, {0, 0, 1, 0, 1, 0});
  check_mask(x >= 0, {6}, {0, 1, 1, 0, 1, 0});
  check_mask(x < 0, {6}, {1, 0, 0, 0, 0, 1});
  check_mask(x <= 0, {6}, {1, 1, 0, 0, 0, 1});
  check_mask(x == 0, {6}, {0, 1, 0, 0, 0, 0});
  check_mask(x != 0, {6}, {1, 0, 1, 1, 1, 1});
  check_mask(tensor({{1}, {2}}) < tensor({1, 2, 3}), {2, 3}, {0, 1, 1, 0, 0, 1});
  check_mask(tensor({{1, 2}, {3, 4}}) < tensor({{2}, {4}}), {2, 2}, {1, 0, 1, 0});
  CHECK(to_tensor(x > 0).at({2}) == 1);
  CHECK(to_tensor(x > 0).at({0}) == 0);
  CHECK(to_tensor(Mask(true)).item() == 1);
}

TEST_CASE("positions and counts of blocks are those of the bytes") {
  for (double kept : {0.01, 0.3, 0.97}) {
    const Mask mask = numbers({5000}, 0, 1, 3) < kept;
    const detail::MaskBytes& bytes = *mask.bytes();
    std::vector<Index> positions;
    std::vector<std::int32_t> counts((5000 + detail::kBlock - 1) / detail::kBlock);
    for (Index i = 0; i < 5000; ++i) {
      if (!bytes[i]) continue;
      positions.push_back(i);
      ++counts[static_cast<std::size_t>(i / detail::kBlock)];
    }
    CHECK(std::ranges::equal(bytes.positions(), positions));
    CHECK(std::ranges::equal(bytes.block_counts(), counts));
    CHECK(bytes.kept() == static_cast<Index>(positions.size()));
    CHECK(bytes.is_sparse() == (positions.size() * 4 < 5000));
  }
}

TEST_CASE("runs are what is kept, where that comes in long ones") {
  const auto runs_of = [](Index n, auto keeps) {
    std::vector<bool> kept;
    for (Index i = 0; i < n; ++i) kept.push_back(keeps(i));
    const Mask mask = mask_of(kept, {n});
    std::vector<bool> covered(kept.size());
    Index end = 0;
    for (const auto& run : mask.bytes()->runs()) {
      CHECK(run.begin >= end);
      CHECK(run.n >= 1);
      CHECK(run.n <= detail::kBlock);
      end = run.begin + run.n;
      for (Index i = run.begin; i < end; ++i) covered[static_cast<std::size_t>(i)] = true;
    }
    if (!mask.bytes()->runs().empty()) CHECK(covered == kept);
    return std::ssize(mask.bytes()->runs());
  };
  CHECK(runs_of(4000, [](Index i) { return i % 80 < 40; }) == 50);
  CHECK(runs_of(4000, [](Index i) { return i % 80 >= 40; }) == 50);
  CHECK(runs_of(4000, [](Index i) { return i % 80 < 32; }) == 50);
  CHECK(runs_of(4000, [](Index i) { return i % 80 < 31; }) == 0);
  CHECK(runs_of(4000, [](Index i) { return i < 3 * detail::kBlock + 1; }) == 4);
  CHECK(runs_of(4000, [](Index i) { return i >= 4000 - 2 * detail::kBlock; }) == 2);
  CHECK(runs_of(30, [](Index i) { return i == 7; }) == 0);
  // as many changes as a byte does not count
  CHECK(runs_of(100'000, [](Index i) { return i % 2 == 0 || i > 1000; }) == 500 + 194);
}

TEST_CASE("what masks derive is kept, and right for as many masks as there are") {
  // More than the cache holds, over and over, with masks that die: an address may come again.
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const Mask a = numbers({4, 1}, 0, 1, seed) < 0.5;
      const Mask b = numbers({3}, 0, 1, seed + 1000) < 0.5;
      const Shape shape{4, 3};
      const auto both = bytes_over(shape, [&](const Position& p) { return at(a, p) && at(b, p); });
      check_mask(a & b, shape, both);
      check_mask(a & b, shape, both);
      check_mask(!a, {4, 1}, bytes_over({4, 1}, [&](const Position& p) { return !at(a, p); }));
      check_mask(a.broadcast_to(shape), shape,
                 bytes_over(shape, [&](const Position& p) { return at(a, p); }));
    }
  }
  const Mask a = numbers({4, 1}, 0, 1, 1) < 0.5;
  const Mask b = numbers({1, 3}, 0, 1, 2) < 0.5;
  CHECK((a & b).bytes() == (a & b).bytes());
  // The same bytes under other shapes are another operand.
  const Mask column = mask_of({true, false, true, false});
  CHECK((column.reshape({4, 1}) & column.reshape({1, 4})).to_bytes() !=
        (column.reshape({4, 1}) & column.reshape({4, 1})).broadcast_to({4, 4}).to_bytes());
}

TEST_CASE("what is made once is made by one of the threads, and again after an error") {
  detail::Once once;
  int made = 0;
  CHECK_THROWS_AS(once([] { throw Error("not yet"); }), Error);
  std::vector<std::thread> threads;
  std::vector<int> seen(4);
  for (int& mine : seen) {
    threads.emplace_back([&once, &made, &mine] {
      once([&] { ++made; });
      mine = made;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(seen == std::vector<int>{1, 1, 1, 1});
}

TEST_CASE("threads may share a mask and derive from it at once") {
  const Mask mask = numbers({100, 30}, 0, 1, 7) < 0.3;
  const Mask rows = any(mask, 1);
  std::vector<std::thread> threads;
  std::vector<Index> counts(4);
  for (std::size_t t = 0; t < counts.size(); ++t) {
    threads.emplace_back([&mask, &counts, t] {
      counts[t] = static_cast<Index>(mask.bytes()->positions().size()) + any(mask, 1).count() +
                  (mask & !mask).count();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (Index count : counts) CHECK(count == mask.count() + rows.count());
}

TEST_CASE("a mask that is made of the same numbers again is the same object, and no other one is") {
  const Tensor x = arange(300) * 0.01;
  const Mask mask = x > 0.5;
  CHECK((x > 0.5).bytes() == mask.bytes());
  CHECK(!((x > 0.25).bytes() == mask.bytes()));
  CHECK((x > 0.5).count() == 249);
  for (const int shift : {0, 1, 0}) {  // each at the same place in the tape's memory
    const detail::Recording recording;
    const Tensor y = x - shift;
    CHECK((y > 0.5).count() == 249 - 100 * shift);
    CHECK(isnan(where(y > 0.5, NAN, y)).count() == 249 - 100 * shift);
  }
}

TEST_CASE("a list is broadcast along any of its axes, and stays a list") {
  const Shape from{1, 3, 1, 2, 1};
  const Mask list = Mask::from_positions(from, {1, 2, 5});
  const Mask bytes = Mask::from_bytes(from, list.to_bytes());
  for (const Shape& to : {Shape{1, 3, 4, 2, 1}, Shape{5, 3, 1, 2, 1}, Shape{1, 3, 1, 2, 7},
                          Shape{5, 3, 4, 2, 7}, Shape{2, 5, 3, 1, 2, 7}}) {
    CHECK(list.broadcast_to(to).bytes()->is_list());
    CHECK(list.broadcast_to(to) == bytes.broadcast_to(to));
  }
  const Mask far = Mask::from_positions({1000000, 1, 1}, {7, 999999});
  const Mask wide = far.broadcast_to({1000000, 1000, 1000});
  CHECK(wide.count() == 2000000);
  CHECK(wide.at({7, 0, 999}));
  CHECK_FALSE(wide.at({8, 0, 0}));
}

TEST_CASE("a mask larger than memory is an error that names its bytes") {
  const Shape wide{Index{1} << 40, 2};
  check_error(
      [&] {
        mask_of({true, false}).broadcast_to(wide);
      },
      {"memory", "2199023255552 bytes", "the machine has"});
  check_error([&] { Mask::from_positions({2}, {1}).broadcast_to(wide); },
              {"memory", "8796093022208 bytes"});
}

TEST_CASE("the bytes of a mask are 0 or 1") {
  const std::vector<std::uint8_t> two{2, 0}, wraps{255, 0, 0, 1};
  check_error([&] { Mask::from_bytes({2}, two); }, {"byte 0 is 2", "0 or 1"});
  check_error([&] { Mask::from_bytes({4}, wraps); }, {"byte 0 is 255"});
}
