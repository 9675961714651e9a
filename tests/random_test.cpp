// Counter-based random numbers: what a draw depends on, and that it has its distribution.
#include <ember/core/node.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
using detail::ElementEngine;
using detail::next_key;
using detail::standard_normal;
using detail::standard_uniform;

namespace {

std::vector<Real> draw(const char* name, const Shape& shape = {5}) {
  const Tensor x = standard_normal(next_key(name), shape);
  return {x.data().begin(), x.data().end()};
}

// Kolmogorov's distance of a sample from a distribution function, times the root of its size.
template <class F>
double kolmogorov(std::vector<double> sample, F cdf) {
  std::sort(sample.begin(), sample.end());
  const auto n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double p = cdf(sample[i]);
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, p - rank / n, (rank + 1) / n - p});
  }
  return distance * std::sqrt(n);
}

constexpr double kCritical = 1.95;  // passed by one true sample in a thousand
constexpr Index kDraws = 100000;

double normal_cdf_of(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

std::vector<double> as_doubles(const Tensor& x) { return {x.data().begin(), x.data().end()}; }

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("a draw is the same whatever other sites draw") {
  set_rng_seed(7);
  const auto alone = draw("random_test.a");
  set_rng_seed(7);
  draw("random_test.b");
  draw("random_test.c", {1000});
  CHECK(draw("random_test.a") == alone);
  set_rng_seed(8);
  CHECK(draw("random_test.a") != alone);
  set_rng_seed(7);
  CHECK(draw("random_test.b") != alone);
}

TEST_CASE("every execution of a site draws afresh, and a seed starts them again") {
  set_rng_seed(7);
  const auto first = draw("random_test.a");
  const auto second = draw("random_test.a");
  const auto third = draw("random_test.a");
  CHECK(first != second);
  CHECK(second != third);
  set_rng_seed(7);
  CHECK(draw("random_test.a") == first);
  draw("random_test.b");
  CHECK(draw("random_test.a") == second);
  // Seed and counts are the whole state.
  const detail::RandomState state = detail::random_state();
  const auto next = draw("random_test.a");
  CHECK(next == third);
  draw("random_test.a");
  detail::random_state() = state;
  CHECK(draw("random_test.a") == next);
}

TEST_CASE("an element's number depends on its position alone") {
  set_rng_seed(3);
  const auto short_draw = draw("random_test.a", {7});
  set_rng_seed(3);
  const auto long_draw = draw("random_test.a", {2, 50});
  CHECK(std::equal(short_draw.begin(), short_draw.end(), long_draw.begin()));
  const detail::RandomKey key{12345};
  ElementEngine one(key, 3);
  ElementEngine same(key, 3);
  ElementEngine other(key, 4);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto word = one();
    CHECK(word == same());
    differs = differs || word != other();
  }
  CHECK(differs);
}

TEST_CASE("an element's words are the blocks of Random123's Philox, one after the other") {
  constexpr std::uint64_t kKey = 0x123456789abcdefU;
  constexpr Index kElement = 0x7edcba9876543210;
  ElementEngine engine({kKey}, kElement);
  for (std::uint32_t number = 0; number < 5; ++number) {
    const r123::Philox4x32::ctr_type expected = r123::Philox4x32()(
        {{static_cast<std::uint32_t>(kElement), static_cast<std::uint32_t>(kElement >> 32), number,
          0}},
        {{static_cast<std::uint32_t>(kKey), static_cast<std::uint32_t>(kKey >> 32U)}});
    for (std::size_t i = 0; i < 4; ++i) CHECK(engine() == expected[i]);
  }
}

TEST_CASE("whole tensors have the numbers of the elements' first blocks, by Box and Muller") {
  const detail::RandomKey key{0x123456789abcdefU};
  const double kTurn = 2 * std::acos(-1.0);
  for (Index n : {1, 2, 7, 256, 257, 1000}) {
    const Tensor normal = standard_normal(key, {n});
    const Tensor uniform = standard_uniform(key, {n});
    for (Index i = 0; i < n; ++i) {
      ElementEngine engine(key, i / 2);
      const double u = engine.uniform();
      const double v = engine.uniform();
      const double radius = std::sqrt(-2 * std::log(u));
      const double expected = radius * (i % 2 == 0 ? std::cos(kTurn * v) : std::sin(kTurn * v));
      const auto at = static_cast<std::size_t>(i);
      if (sizeof(Real) == 8) CHECK(uniform.data()[at] == static_cast<Real>(i % 2 == 0 ? u : v));
      CHECK(std::abs(static_cast<double>(normal.data()[at]) - expected) <
            (sizeof(Real) == 8 ? 4e-15 : 2e-6));
    }
  }
}

TEST_CASE("normal and uniform draws have their distributions") {
  set_rng_seed(1);
  for (const char* name : {"random_test.a", "random_test.b"}) {
    const auto normal = as_doubles(standard_normal(next_key(name), {kDraws}));
    CHECK(kolmogorov(normal, normal_cdf_of) < kCritical);
    const auto uniform = as_doubles(standard_uniform(next_key(name), {kDraws}));
    CHECK(kolmogorov(uniform, [](double x) { return x; }) < kCritical);
    CHECK(*std::min_element(uniform.begin(), uniform.end()) > 0);
    CHECK(*std::max_element(uniform.begin(), uniform.end()) < 1);
  }
  std::vector<double> first_of_each, second_of_each;
  const detail::RandomKey key = next_key("random_test.a");
  for (Index i = 0; i < kDraws; ++i) {
    ElementEngine engine(key, i);
    first_of_each.push_back(engine.uniform());
    second_of_each.push_back(engine.uniform());
  }
  CHECK(kolmogorov(first_of_each, [](double x) { return x; }) < kCritical);
  CHECK(kolmogorov(second_of_each, [](double x) { return x; }) < kCritical);
}

TEST_CASE("few numbers of many draws, made side by side, are those of each by itself") {
  std::vector<Tensor> rooms;
  detail::FewNormals draws;
  for (int round = 0; round < 4; ++round) {
    for (Index n = 0; n <= detail::FewNormals::kMost; ++n) {
      rooms.push_back(full({n}, 0));
      draws.add(rooms.back().node());
    }
  }
  for (const std::uint64_t first : {1, 1000}) {
    std::vector<detail::RandomKey> keys;
    for (std::size_t k = 0; k < rooms.size(); ++k) keys.push_back({first + k});
    draws.fill(keys);
    for (std::size_t k = 0; k < rooms.size(); ++k) {
      CHECK(same_bits(rooms[k], standard_normal(keys[k], rooms[k].shape())));
    }
  }
}

TEST_CASE("executions, names, seeds and neighbours are not correlated") {
  constexpr double kBound = 4;  // standard errors
  const double error = 1 / std::sqrt(static_cast<double>(kDraws));
  set_rng_seed(1);
  const auto a = as_doubles(standard_normal(next_key("random_test.a"), {kDraws}));
  const auto again = as_doubles(standard_normal(next_key("random_test.a"), {kDraws}));
  const auto b = as_doubles(standard_normal(next_key("random_test.b"), {kDraws}));
  set_rng_seed(2);
  const auto seeded = as_doubles(standard_normal(next_key("random_test.a"), {kDraws}));
  for (const auto& other : {again, b, seeded}) {
    CHECK(std::fabs(correlation(a, other)) < kBound * error);
  }
  for (std::ptrdiff_t lag : {1, 2, 3}) {
    const std::vector<double> head(a.begin(), a.end() - lag);
    const std::vector<double> tail(a.begin() + lag, a.end());
    CHECK(std::fabs(correlation(head, tail)) < kBound * error);
  }
  // First executions of the first seeds: a sample in the other direction.
  std::vector<double> firsts;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    set_rng_seed(seed);
    firsts.push_back(standard_normal(next_key("random_test.a"), {}).item());
  }
  CHECK(kolmogorov(firsts, normal_cdf_of) < kCritical);
}

TEST_CASE("threads have streams of their own, and a seed gives the same ones anywhere") {
  set_rng_seed(5);
  const auto here = draw("random_test.a");
  std::vector<std::vector<Real>> seeded(3), unseeded(3);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < seeded.size(); ++t) {
    threads.emplace_back([&, t] {
      unseeded[t] = draw("random_test.a");
      set_rng_seed(5);
      seeded[t] = draw("random_test.a");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& numbers : seeded) CHECK(numbers == here);
  const std::set<std::vector<Real>> distinct(unseeded.begin(), unseeded.end());
  CHECK(distinct.size() == unseeded.size());
}
