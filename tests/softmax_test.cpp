// logsumexp, softmax and log_softmax of rows of every length, however the rows lie, beside their
// formulas.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

namespace {

const Real kInfinity = std::numeric_limits<Real>::infinity();
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kClose = sizeof(Real) == 8 ? Real(1e-12) : Real(1e-4);

struct Row {
  std::vector<Real> x, softmax;
  Real lse;
  explicit Row(std::vector<Real> numbers) : x(std::move(numbers)) {
    long double total = 0;
    for (const Real v : x) total += std::exp(static_cast<long double>(v));
    lse = static_cast<Real>(std::log(total));
    for (const Real v : x) {
      softmax.push_back(static_cast<Real>(std::exp(static_cast<long double>(v)) / total));
    }
  }
};

// Row r of the axis of `size` numbers at distance `inner`.
std::vector<Real> row_of(const Tensor& x, Index r, Index size, Index inner) {
  std::vector<Real> row;
  for (Index c = 0; c < size; ++c) {
    row.push_back(
        x.data()[static_cast<std::size_t>(r / inner * size * inner + c * inner + r % inner)]);
  }
  return row;
}

void check_close(const std::vector<Real>& a, const std::vector<Real>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("number " << i);
    CHECK(a[i] == Approx(b[i]).epsilon(kClose).margin(kClose));
  }
}

}  // namespace

TEST_CASE("rows of every length, side by side and one after the other") {
  begin(3);
  for (const Index outer : {1, 3, 16, 37}) {
    for (const Index size : {1, 2, 10, 31, 32, 70}) {
      for (const Index inner : {1, 2, 16, 21}) {
        INFO("shape (" << outer << ", " << size << ", " << inner << ")");
        const Tensor x = 3 * distributions::Normal(0, 1).sample({outer, size, inner});
        const Tensor weights = distributions::Normal(0, 1).sample({outer, size, inner});
        const Tensor row_weights = distributions::Normal(0, 1).sample({outer, inner});
        const auto totals = value_and_grad(
            [&](std::span<const Tensor> in) { return sum(row_weights * logsumexp(in[0], 1)); },
            {x});
        const auto shares = value_and_grad(
            [&](std::span<const Tensor> in) { return sum(weights * softmax(in[0], 1)); }, {x});
        const auto logs = value_and_grad(
            [&](std::span<const Tensor> in) { return sum(weights * log_softmax(in[0], 1)); }, {x});
        const Tensor lse = logsumexp(x, 1), p = softmax(x, 1), log_p = log_softmax(x, 1);
        for (Index r = 0; r < outer * inner; ++r) {
          const Row row(row_of(x, r, size, inner));
          const std::vector<Real> w = row_of(weights, r, size, inner);
          const auto at = static_cast<std::size_t>(r);
          CHECK(lse.data()[at] == Approx(row.lse).epsilon(kClose).margin(kClose));
          check_close(row_of(p, r, size, inner), row.softmax);
          std::vector<Real> log_softmax, by_lse, by_softmax, by_log;
          Real mean = 0, total = 0;
          for (std::size_t c = 0; c < w.size(); ++c) {
            mean += w[c] * row.softmax[c];
            total += w[c];
          }
          for (std::size_t c = 0; c < w.size(); ++c) {
            log_softmax.push_back(row.x[c] - row.lse);
            by_lse.push_back(row_weights.data()[at] * row.softmax[c]);
            by_softmax.push_back(row.softmax[c] * (w[c] - mean));
            by_log.push_back(w[c] - total * row.softmax[c]);
          }
          check_close(row_of(log_p, r, size, inner), log_softmax);
          check_close(row_of(totals.grads[0], r, size, inner), by_lse);
          check_close(row_of(shares.grads[0], r, size, inner), by_softmax);
          check_close(row_of(logs.grads[0], r, size, inner), by_log);
        }
      }
    }
  }
}

TEST_CASE("rows with numbers that are not finite") {
  for (const Index size : {3, 40}) {
    INFO("rows of " << size);
    const auto lse_of = [&](Real first, Real second, Real others) {
      std::vector<Real> row(static_cast<std::size_t>(size), others);
      row[0] = first;
      row[1] = second;
      return logsumexp(tensor_of(row, {size}), 0).item();
    };
    CHECK(lse_of(kInfinity, 0, 0) == kInfinity);
    CHECK(lse_of(kInfinity, -kInfinity, 800) == kInfinity);
    CHECK(lse_of(-kInfinity, -kInfinity, -kInfinity) == -kInfinity);
    CHECK(lse_of(-kInfinity, 7, -kInfinity) == 7);
    CHECK(std::isnan(lse_of(kNaN, 0, 0)));
    CHECK(std::isnan(lse_of(kNaN, kInfinity, 0)));
    CHECK(std::isnan(lse_of(kNaN, kNaN, kNaN)));
    CHECK(lse_of(1000, -1000, -2000) == 1000);
    CHECK(lse_of(-1000, -1000, -2000) == Approx(-1000 + std::log(2.0)));
    // beside an infinity a number has no share, however large it is
    std::vector<Real> large(static_cast<std::size_t>(size), 1000);
    large[0] = kInfinity;
    const Tensor of_large = softmax(tensor_of(large, {size}), 0);
    CHECK(std::isnan(of_large.data()[0]));
    CHECK(of_large.data()[1] == 0);
    // nothing moves a row of -infinities; as shares of it there is no number
    const Tensor nothing = full({size}, -kInfinity);
    const auto flat =
        value_and_grad([](std::span<const Tensor> in) { return logsumexp(in[0], 0); }, {nothing});
    for (const Real g : flat.grads[0].data()) CHECK(g == 0);
    const Tensor shares = softmax(nothing, 0);
    for (const Real p : shares.data()) CHECK(std::isnan(p));
  }
  CHECK(logsumexp(zeros({0}), 0).item() == -kInfinity);
  CHECK(softmax(zeros({2, 0}), 1).numel() == 0);
}
