// What exactly tensors, tape and positions do: a claim a test.
#include <ember/ember.hpp>

#include <vector>

#include <ember/core/arena.hpp>
#include <ember/core/sanitizer.hpp>
#include <ember/core/tape.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

TEST_CASE("a tensor that is kept after its step becomes a constant; parameters in it do not move") {
  param_store().clear();
  Tensor kept;
  const auto model = [&] {
    const Tensor w = param("w", tensor({1.0, 2.0}));
    kept = w;
    factor("f", -sum(square(w)));
  };
  infer::SVI svi(
      model, [] {}, infer::SGD({.lr = 0.1}));
  svi.step();
  CHECK(kept.at({0}) == 1);
  CHECK(param_store().get("w").at({0}) == Approx(0.8));
  const Tensor first = kept;
  const Tensor stored = param_store().get("w");
  svi.step();
  CHECK(first.at({0}) == 1);
  CHECK(stored.at({0}) == Approx(0.8));
  CHECK(kept.at({0}) == Approx(0.8));
}

TEST_CASE("a span lives as long as a handle on its tensor does") {
  std::span<const Real> numbers;
  Tensor copy;
  {
    const Tensor x = exp(tensor({0.0, 0.0}));
    numbers = x.data();
    copy = x;
  }
  CHECK(copy.data().data() == numbers.data());
  CHECK(numbers[1] == 1);
}

TEST_CASE("positions are 64-bit: shapes, masks, plates and draws beyond 2^32") {
  constexpr Index kMany = Index{5'000'000'000};
  CHECK(Shape{kMany, 3}.numel() == 3 * kMany);
  const Mask all = Mask::filled({kMany}, true);
  CHECK(all.count() == kMany);
  CHECK((!all).count() == 0);
  const plate p("p", kMany, {.subsample = Indices{kMany - 1}});
  CHECK(p.indices().values()[0] == kMany - 1);
  CHECK(p.frame().scale() == static_cast<Real>(kMany));
  CHECK(has(error_of([] { const plate q("q", kMany, {.subsample = Indices{kMany}}); }),
            "5000000000"));
  const detail::RandomKey key{12345};
  detail::ElementEngine low(key, kMany % (Index{1} << 32));
  detail::ElementEngine high(key, kMany);
  CHECK(low() != high());
}

#ifdef EMBER_HAS_ASAN
TEST_CASE("unused and released slots of the tape are poisoned") {
  const Real* slot = nullptr;
  const detail::Node* node = nullptr;
  {
    const detail::Recording recording;
    Tensor x = detail::Recording::leaf(tensor({1, 2, 3}));
    const Tensor y = exp(x);
    slot = y.data().data();
    node = &y.node();
    CHECK_FALSE(__asan_address_is_poisoned(slot));
    CHECK_FALSE(__asan_address_is_poisoned(node));
  }
  CHECK(__asan_address_is_poisoned(slot));
  CHECK(__asan_address_is_poisoned(node));
  detail::Arena arena;
  const detail::Arena::Mark mark = arena.mark();
  const auto* taken = static_cast<const std::byte*>(arena.allocate(64));
  CHECK_FALSE(__asan_address_is_poisoned(taken + 63));
  CHECK(__asan_address_is_poisoned(taken + 64));
  arena.release(mark);
  CHECK(__asan_address_is_poisoned(taken));
}
#endif
