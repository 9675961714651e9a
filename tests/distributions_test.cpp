// Errors and distribution functions of single families. What is true of all of them is in
// families_test.cpp.
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

}  // namespace

TEST_CASE("bad values and parameters are errors with index, value and rule") {
  const std::string scale = error_of([] {
    dist::Normal(0, tensor({1.0, -2.0})).log_prob(zeros({2}));
  });
  INFO(scale);
  CHECK(has(scale, "Normal"));
  CHECK(has(scale, "scale[1] = -2"));
  CHECK(has(scale, "must be positive"));
  CHECK(has(error_of([] { dist::Poisson(1).log_prob(tensor({1.0, 2.5})); }), "value[1] = 2.5"));
  CHECK(
      has(error_of([] { dist::Categorical({.logits = zeros({3})}).log_prob(3); }), "from 0 to 2"));
  CHECK(has(error_of([] { dist::Normal(kNaN, 1).log_prob(0); }), "loc = nan must not be NaN"));
  CHECK(has(error_of([] { dist::HalfNormal(1).log_prob(-1); }), "must not be negative"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 1.5}).sample(); }), "must lie in [0, 1]"));
  CHECK(has(error_of([] { dist::Bernoulli({}); }), "exactly one of .probs, .logits"));
  CHECK(has(error_of([] { dist::Bernoulli({.probs = 0.5, .logits = 0}); }), ".probs and .logits"));
  CHECK(has(error_of([] { dist::Normal(Tensor(), 1); }), ".loc"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), ones({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Normal(zeros({2}), 1).log_prob(zeros({3})); }), "(3,)"));
  CHECK(has(error_of([] { dist::Categorical({.logits = 1.0}); }), "logits"));
  enable_validation(false);
  CHECK(std::isnan(dist::Normal(0, -1).log_prob(0).item()));
  enable_validation(true);
}

TEST_CASE("distribution functions and their inverses") {
  const Tensor x = tensor({0.2, 0.9, 2.5});
  const auto check = [&](const dist::Distribution& d, const std::function<double(double)>& cdf) {
    const Tensor p = d.cdf(x);
    const Tensor back = d.icdf(p);
    for (Index i = 0; i < 3; ++i) {
      CHECK(static_cast<double>(p.at({i})) ==
            Approx(cdf(static_cast<double>(x.at({i})))).epsilon(1e-12));
      CHECK(back.at({i}) == Approx(x.at({i})).epsilon(1e-9));
    }
  };
  namespace bm = boost::math;
  check(dist::Normal(0.3, 1.7), [](double v) { return bm::cdf(bm::normal(0.3, 1.7), v); });
  check(dist::HalfNormal(1.7), [](double v) { return 2 * bm::cdf(bm::normal(0, 1.7), v) - 1; });
  check(dist::HalfCauchy(1.7), [](double v) { return 2 / M_PI * std::atan(v / 1.7); });
  check(dist::LogNormal(0.3, 0.7), [](double v) { return bm::cdf(bm::lognormal(0.3, 0.7), v); });
  check(dist::Transformed(dist::Normal(0.3, 0.7), {transforms::exp()}),
        [](double v) { return bm::cdf(bm::lognormal(0.3, 0.7), v); });
}
