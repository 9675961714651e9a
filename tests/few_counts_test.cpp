// Counts that are in a table of factorials take a shorter way, a block of a sum at a time: it must
// give what the way of all counts gives.
#include <cmath>

#include <ember/core/gradient.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/families.hpp>

#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

template <class Make>
ValueAndGrad sum_and_gradient(Make make, const Tensor& counts, const Tensor& at, const Mask& mask) {
  const auto f = [&](std::span<const Tensor> x) -> Tensor {
    return make(x[0]).mask(mask).log_prob_sum(counts);
  };
  return value_and_grad(f, std::vector<Tensor>{at});
}

// The counts, and one behind them that is in no table.
template <class Make>
void check_both_ways(Make make, const std::vector<Real>& counts, std::vector<Real> numbers,
                     Real large) {
  const std::size_t n = counts.size();
  const Tensor few = tensor(counts), few_at = tensor(numbers);
  std::vector<Real> more = counts;
  more.push_back(large);
  numbers.push_back(numbers.back());
  const Tensor all = tensor(more), all_at = tensor(numbers);
  const Mask but_the_last = arange(all.numel()) < static_cast<Real>(n);

  const auto short_way = sum_and_gradient(make, few, few_at, Mask(true));
  const auto masked = sum_and_gradient(make, all, all_at, but_the_last);
  const auto long_way = sum_and_gradient(make, all, all_at, Mask(true));
  const Real last = make(all_at).log_prob(all).data()[n];
  CHECK(short_way.value == Approx(long_way.value - last).epsilon(1e-13).margin(1e-11));
  CHECK(masked.value == Approx(short_way.value).epsilon(1e-14));
  for (std::size_t i = 0; i < n; ++i) {
    INFO(counts[i] << " at " << numbers[i]);
    const Real gradient = short_way.grads[0].data()[i];
    CHECK(gradient == masked.grads[0].data()[i]);
    CHECK(gradient == Approx(long_way.grads[0].data()[i]).epsilon(1e-14));
  }
  // what is hidden chooses no way
  std::vector<Real> hidden = more;
  hidden.back() = std::nan("");
  const auto with_nan = sum_and_gradient(make, tensor(hidden), all_at, but_the_last);
  CHECK(with_nan.value == masked.value);
  // one by one: a block each
  for (std::size_t i = 0; i < n; ++i) {
    INFO(counts[i] << " at " << numbers[i]);
    const Mask only = arange(all.numel()) == static_cast<Real>(i);
    const Real expected = make(all_at).log_prob(all).data()[i];
    const Real got = make(all_at).mask(only).log_prob_sum(all).item();
    if (std::isinf(expected)) {
      CHECK(got == expected);
    } else {
      CHECK(got == Approx(expected).epsilon(1e-13).margin(1e-13));
    }
  }
}

std::vector<Real> whole_numbers(Index n, Index last) {
  std::vector<Real> result;
  for (Index i = 0; i < n; ++i) result.push_back(static_cast<Real>(i * 7 % (last + 1)));
  return result;
}

std::vector<Real> numbers_between(Index n, double low, double high) {
  std::vector<Real> result;
  for (Index i = 0; i < n; ++i) {
    const double share = static_cast<double>(i * 29 % n) / static_cast<double>(n - 1);
    result.push_back(static_cast<Real>(low + (high - low) * share));
  }
  return result;
}

}  // namespace

TEST_CASE("Poisson counts of the table and others have one density") {
  const std::vector<Real> counts = whole_numbers(150, 255);
  check_both_ways([](const Tensor& rate) { return dist::Poisson(rate); }, counts,
                  numbers_between(150, 0.01, 300), 256);
  check_both_ways([](const Tensor& log_rate) { return dist::Poisson({.log_rate = log_rate}); },
                  counts, numbers_between(150, -6, 5), 1e6);
}

TEST_CASE("Binomial counts of the table and others have one density") {
  for (const Real trials : {0.0, 1.0, 20.0, 255.0}) {
    INFO(trials);
    const std::vector<Real> counts = whole_numbers(150, static_cast<Index>(trials));
    const auto trials_of = [&](const Tensor& number) {
      std::vector<Real> each(static_cast<std::size_t>(number.numel()), trials);
      if (each.size() > counts.size()) each.back() = 400;
      return tensor(each);
    };
    check_both_ways(
        [&](const Tensor& probs) {
          return dist::Binomial({.total_count = trials_of(probs), .probs = probs});
        },
        counts, numbers_between(150, 0.01, 0.99), 300);
    check_both_ways(
        [&](const Tensor& logits) {
          return dist::Binomial({.total_count = trials_of(logits), .logits = logits});
        },
        counts, numbers_between(150, -8, 8), 256);
  }
}

TEST_CASE("Few counts at the ends of their parameters' ranges") {
  const auto sums_of = [](const dist::Distribution& d, Real count) {
    const Tensor one = Tensor(count);
    const Tensor two = tensor({count, count});
    const Real sum = d.log_prob_sum(two).item();
    CHECK(2 * d.log_prob_sum(one).item() == sum);
    return sum;
  };
  CHECK(sums_of(dist::Poisson(0), 0) == 0);
  CHECK(sums_of(dist::Poisson(0), 3) == -INFINITY);
  CHECK(sums_of(dist::Binomial({.total_count = 3, .probs = 0}), 0) == 0);
  CHECK(sums_of(dist::Binomial({.total_count = 3, .probs = 0}), 3) == -INFINITY);
  CHECK(sums_of(dist::Binomial({.total_count = 3, .probs = 1}), 0) == -INFINITY);
  CHECK(sums_of(dist::Binomial({.total_count = 3, .probs = 1}), 3) == 0);
}
