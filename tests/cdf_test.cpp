// Distribution functions and quantiles: every family's derivatives against central differences, its
// values against Boost.Math and sums of masses, also in the tails and outside of the support.
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/cauchy.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/laplace.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <set>

#include "family_cases.hpp"
#include "support.hpp"

using namespace family_cases;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

bool has_cdf(const Case& c) {
  return error_of([&] { c.make().cdf(c.value); }) == "no error";
}

using Function = std::function<Tensor(std::span<const Tensor>)>;

// The gradients of sum(weights * f), which is element-wise, by the inputs, against differences.
void check_slopes(const Function& f, const std::vector<Tensor>& inputs) {
  const Tensor weights = exp(spread(kBatch, 7));
  const auto total = [&](std::span<const Tensor> in) { return sum(weights * f(in)); };
  const auto exact = value_and_grad(total, inputs).grads;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (std::size_t i = 0; i < inputs[k].data().size(); ++i) {
      const auto shifted = [&](Real by) { return total(moved(inputs, k, i, by)).item(); };
      const Real h = Real(1e-5);
      const Real numeric =
          (8 * (shifted(h) - shifted(-h)) - shifted(2 * h) + shifted(-2 * h)) / (12 * h);
      INFO("input " << k << ", number " << i);
      CHECK(exact[k].data()[i] == Approx(numeric).epsilon(1e-6).margin(1e-8));
    }
  }
}

// f over the value in front and the parameters of a case that can be differentiated.
void check_case(const Case& c, const Tensor& front,
                Tensor (dist::Distribution::*ask)(const Tensor&) const, bool front_too) {
  const std::vector<std::size_t> places = c.differentiable();
  std::vector<Tensor> inputs;
  for (std::size_t k : places) inputs.push_back(c.parameters[k]);
  if (front_too) inputs.push_back(front);
  check_slopes(
      [&](std::span<const Tensor> in) {
        std::vector<Tensor> at = c.parameters;
        for (std::size_t i = 0; i < places.size(); ++i) at[places[i]] = in[i];
        return (c.info->make(at).*ask)(front_too ? in.back() : front);
      },
      inputs);
}

Real slope_by_value(const Case& c, const Tensor& at) {
  const auto f = [&](std::span<const Tensor> in) { return sum(c.make().cdf(in[0])); };
  return sum(abs(value_and_grad(f, {at}).grads[0])).item();
}

}  // namespace

TEST_CASE("distribution functions have right derivatives, quantiles are their inverses") {
  std::set<std::string> names;
  for_each_case([&](const Case& c) {
    if (!has_cdf(c)) return;
    names.insert(c.info->name);
    const dist::Distribution d = c.make();
    const Tensor f = d.cdf(c.value);
    REQUIRE(f.shape() == kBatch);
    CHECK((f > 0).is_all());
    CHECK((f <= 1).is_all());
    check_case(c, c.value, &dist::Distribution::cdf, c.is_continuous());
    const Tensor back = d.icdf(f);
    for (std::size_t i = 0; i < back.data().size(); ++i) {
      CHECK(back.data()[i] == Approx(c.value.data()[i]).epsilon(1e-9));
    }
    if (c.is_continuous()) {
      check_case(c, 0.5 + 0.3 * spread(kBatch, 5), &dist::Distribution::icdf, true);
    } else {
      CHECK(same_bits(back, c.value));
      CHECK(same_bits(d.cdf(c.value + 0.5), f));
      // no smaller count reaches what is slightly more than the previous one has
      const Tensor above = d.cdf(c.value - 1) + 1e-9;
      CHECK(same_bits(d.icdf(above), c.value));
      CHECK(slope_by_value(c, c.value) == 0);
    }
  });
  CHECK(names == std::set<std::string>{"Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy",
                                       "Exponential", "Gamma", "HalfCauchy", "HalfNormal",
                                       "Laplace", "LogNormal", "Normal", "Poisson", "StudentT",
                                       "Uniform"});
}

TEST_CASE("outside of the support F is 0 or 1; what is no probability has no quantile") {
  for_each_case([](const Case& c) {
    if (!has_cdf(c)) return;
    const dist::Distribution d = c.make();
    CHECK((d.cdf(full({2, 3}, -kInfinity)) == 0).is_all());
    CHECK((d.cdf(full({2, 3}, kInfinity)) == 1).is_all());
    CHECK(isnan(d.cdf(full({2, 3}, kNaN))).is_all());
    CHECK(isnan(d.icdf(tensor({-0.1, 1.1, kNaN}))).is_all());
    const Constraint support = d.support();
    if (support.is_unconstrained()) return;
    const Tensor below = full({2, 3}, -2), above = full({2, 3}, 1e3);
    CHECK((d.cdf(below) == 0).is_all());
    CHECK(slope_by_value(c, below) == 0);
    if (!support.upper().defined() && support.kind() != Constraint::Kind::unit_interval) return;
    CHECK((d.cdf(above) == 1).is_all());
    CHECK(slope_by_value(c, above) == 0);
  });
}

TEST_CASE("distribution functions and quantiles broadcast") {
  for_each_case([](const Case& c) {
    if (!has_cdf(c)) return;
    const dist::Distribution d = c.make();
    const Tensor column = reshape(tensor({0.3, 0.6, 0.8, 0.2}), {4, 1, 1});
    const Tensor x = d.icdf(column), f = d.cdf(column);
    CHECK(x.shape() == Shape{4, 2, 3});
    CHECK(f.shape() == Shape{4, 2, 3});
    CHECK(same_bits(x[1], d.icdf(full(kBatch, 0.6))));
    CHECK(same_bits(f[2], d.cdf(full(kBatch, 0.8))));
  });
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
  check(dist::Laplace(0.5, 1.7), [](double v) { return bm::cdf(bm::laplace(0.5, 1.7), v); });
  check(dist::Cauchy(0.5, 1.7), [](double v) { return bm::cdf(bm::cauchy(0.5, 1.7), v); });
  check(dist::Cauchy(2.4, 1e-9), [](double v) { return bm::cdf(bm::cauchy(2.4, 1e-9), v); });
  check(dist::Exponential(1.7), [](double v) { return bm::cdf(bm::exponential(1.7), v); });
  check(dist::Uniform(-0.5, 3), [](double v) { return bm::cdf(bm::uniform(-0.5, 3), v); });
  CHECK(dist::Uniform(-0.5, 3).cdf(4).item() == 1);
  check(dist::Transformed(dist::Normal(0.3, 0.7), {transforms::exp()}),
        [](double v) { return bm::cdf(bm::lognormal(0.3, 0.7), v); });
}

TEST_CASE("Gamma, Beta and StudentT agree with Boost.Math in more digits, both ways") {
  namespace bm = boost::math;
  using Wide = long double;
  const auto agree = [](const dist::Distribution& d, Wide x, Wide f, Wide density) {
    const Tensor at = static_cast<Real>(x), probability = static_cast<Real>(f);
    INFO(d.name() << " at " << at.item() << ": " << probability.item());
    CHECK(d.cdf(at).item() == Approx(static_cast<double>(f)).epsilon(1e-11));
    // what the rounding of f does to the quantile is no fault of it
    const auto blur = static_cast<double>(4e-16L * f / (density * std::abs(x)));
    CHECK(d.icdf(probability).item() == Approx(static_cast<double>(x)).epsilon(1e-11 + blur));
  };
  for (const double a : {0.1, 0.5, 1.0, 3.7, 60.0, 1e4}) {
    for (const Wide u : {1e-9L, 0.02L, 0.4L, 0.5L, 0.8L, 0.999L}) {
      const bm::gamma_distribution<Wide> gamma(a, 0.5L);
      const Wide x = bm::quantile(gamma, u);
      agree(dist::Gamma(a, 2), x, u, bm::pdf(gamma, x));
      for (const double b : {0.2, 1.0, 4.0, 1e3}) {
        const bm::beta_distribution<Wide> beta(a, b);
        const Wide y = static_cast<double>(bm::quantile(beta, u));
        if (y < 1) agree(dist::Beta(a, b), y, bm::cdf(beta, y), bm::pdf(beta, y));
      }
      const bm::students_t_distribution<Wide> t(a);
      const Wide z = bm::quantile(t, u);
      if (u != 0.5L) agree(dist::StudentT(a), z, u, bm::pdf(t, z));
    }
  }
}

// The numbers below were computed by mpmath with 40 digits: quadrature of the density, or roots of
// betainc.
TEST_CASE("large shapes are no less exact, both ways") {
  struct {
    double a, x, f;
  } const gammas[] = {{2e6, 1957574, 7.6925363259373415e-201},
                      {2e6, 1993495, 2.0673874142760471e-6},
                      {2e6, 1998586, 0.15869179408818612},
                      {2e6, 2000028, 0.50799211414200396},
                      {2e6, 2004243, 0.9986428633749743},
                      {1e8, 99700000, 1.990882289610847e-198},
                      {1e8, 99954000, 2.1056486712389221e-6},
                      {1e8, 99990000, 0.15865525352814383},
                      {1e8, 100000200, 0.50799160380876222},
                      {1e8, 100030000, 0.99864891989839804},
                      {1e12, 999970000000, 4.8627508054486164e-198},
                      {1e12, 999995400000, 2.1123865568396028e-6},
                      {1e12, 999999000000, 0.15865525393141672},
                      {1e12, 1000000020000, 0.50797844661788629},
                      {1e12, 1000003000000, 0.9986500901500831}};
  for (const auto& [a, x, f] : gammas) {
    const dist::Gamma gamma(a, 1);
    INFO(a << " " << x);
    CHECK(gamma.cdf(x).item() == Approx(f).epsilon(2e-11));
    CHECK(gamma.icdf(f).item() == Approx(x).epsilon(1e-14));
    CHECK(dist::Poisson(x).cdf(a - 1).item() == Approx(1 - f).epsilon(1e-12));
  }
  struct {
    double a, b, x, f;
  } const betas[] = {{2e6, 5e6, 0.2805918773885669, 1.8411432440509177e-199},
                     {2e6, 5e6, 0.28520204488171386, 0.0013456597155276386},
                     {2e6, 5e6, 0.2857057483670762, 0.48010869918256235},
                     {2e6, 5e6, 0.286055779602667, 0.97723052362392389},
                     {1e12, 3e12, 0.2499935048094716, 4.881283529405125e-198},
                     {1e12, 3e12, 0.24999935048094715, 0.0013498912081624768},
                     {1e12, 3e12, 0.24999998917468244, 0.48006127062892395},
                     {1e12, 3e12, 0.2500004330127019, 0.97724983688632549},
                     {3e9, 2e6, 0.9993196494764148, 2.5625317603882483e-195},
                     {3e9, 2e6, 0.9993323646811525, 0.0013582585980565139},
                     {3e9, 2e6, 0.9993337539350035, 0.47996760929293182},
                     {3e9, 2e6, 0.9993347193486964, 0.97728802075357021}};
  for (const auto& [a, b, x, f] : betas) {
    const dist::Beta beta(a, b);
    INFO(a << " " << b << " " << x);
    // the product of a + b and x is rounded
    CHECK(beta.cdf(x).item() == Approx(f).epsilon(5e-11 + 3e-15 * std::sqrt(a + b)));
    CHECK(beta.icdf(f).item() == Approx(x).epsilon(1e-14));
  }
  for (const double a : {1e7, 1e11, 1e13, 1e15}) {
    CHECK(dist::Gamma(a, 1).cdf(a - 1.0 / 3).item() == Approx(0.5).margin(1e-8));
    CHECK(dist::Beta(a, a).cdf(0.5).item() == 0.5);
    CHECK(dist::Beta(a, a).icdf(0.5).item() == 0.5);
  }
  CHECK(dist::Poisson(1e12).icdf(0.5).item() == 1e12);
  CHECK(dist::Gamma(1e50, 1).icdf(0.3).item() == Approx(1e50));
  CHECK(dist::Gamma(1e7, 1).cdf(tensor({1.0, 1e9})).at({0}) == 0);
  CHECK(dist::Gamma(1e7, 1).cdf(tensor({1.0, 1e9})).at({1}) == 1);
}

TEST_CASE("quantiles of tiny probabilities") {
  const auto beta = [](double a, double b, double p) { return dist::Beta(a, b).icdf(p).item(); };
  const auto t = [](double df, double p) { return dist::StudentT(df).icdf(p).item(); };
  const auto close = [](double x) { return Approx(x).epsilon(1e-12); };
  CHECK(beta(3, 3, 1e-200) == close(9.9999999999999999e-68));
  CHECK(beta(0.5, 2, 1e-10) == close(4.4444444444444448e-21));
  CHECK(beta(0.5, 3, 1e-8) == close(2.8444444444444447e-17));
  CHECK(beta(1.5, 1.5, 1e-308) == close(3.2616255199180717e-206));
  CHECK(beta(0.1, 0.2, 0.3) == close(0.00025970009490093431));
  CHECK(beta(2, 30, 1e-20) == close(4.6373889578095679e-12));
  CHECK(beta(1e-5, 0.5, 0.6) == 0);
  CHECK(beta(0.5, 1e-5, 0.3) == 1);
  CHECK(beta(1e308, 1e12, 1e-300) == 1);
  CHECK(t(3, 1e-180) == close(-1.0331108360446529e60));
  CHECK(t(5, 1e-300) == close(-1.5683925590993378e60));
  CHECK(t(1, 1e-200) == close(-3.1830988618379068e199));
  CHECK(t(2.5, 1e-12) == close(-55306.174076515816));
  // whatever is asked for ends in a number between the ends
  for (const double a : {1e-5, 0.1, 1.0, 2.5, 60.0, 1e5, 1e9, 1e15}) {
    for (const double b : {1e-5, 0.1, 1.0, 2.5, 60.0, 1e5, 1e9, 1e15}) {
      double last = 0;
      for (const double p : {0.0, 1e-308, 1e-200, 1e-20, 1e-3, 0.3, 0.5, 0.9, 0.999, 1.0}) {
        const double x = beta(a, b, p);
        INFO(a << " " << b << " " << p << ": " << x);
        CHECK(x >= last);
        CHECK(x <= 1);
        last = x;
      }
    }
  }
}

TEST_CASE("StudentT keeps its digits in far tails, and moves with df as it should") {
  // 1 / (pi |t|) of df = 1, 1 / (2 t^2) of df = 2
  for (const double t : {-1e60, -1e99, -1.1e100, -1e140}) {
    const auto tail = [&](double df) { return dist::StudentT(df).cdf(t).item(); };
    CHECK(tail(1) * M_PI * -t == Approx(1).epsilon(1e-12));
    CHECK(tail(2) * 2 * t * t == Approx(1).epsilon(1e-12));
  }
  CHECK(dist::StudentT(1).cdf(1).item() == Approx(0.75).epsilon(1e-15));
  CHECK(dist::StudentT(7).cdf(0).item() == 0.5);
  CHECK(dist::StudentT(7).icdf(0.5).item() == 0);
  CHECK(dist::StudentT(7, 2, 3).icdf(0).item() == -kInfinity);
  using Wide = long double;
  for (const double df : {0.3, 1.0, 4.0, 30.0, 1e3, 1e5, 1e7}) {
    for (const double t : {-1e110, -1e3, -3.0, -0.7, -0.01, 0.4, 5.0}) {
      const auto f = [&](Wide v) {
        return boost::math::cdf(boost::math::students_t_distribution<Wide>(v), Wide{t});
      };
      const Wide h = (df < 100 ? 1e-4L : 1e-3L) * df;
      const Wide slope = (8 * (f(df + h) - f(df - h)) - (f(df + 2 * h) - f(df - 2 * h))) / (12 * h);
      const auto cdf = [&](std::span<const Tensor> in) { return dist::StudentT(in[0]).cdf(t); };
      INFO(df << " " << t);
      CHECK(value_and_grad(cdf, {df}).grads[0].item() ==
            Approx(static_cast<double>(slope)).epsilon(1e-6).margin(1e-300));
    }
    // near 0 F - 1/2 is t p(0), and p(0) grows with df
    const auto center = [](std::span<const Tensor> in) {
      return dist::StudentT(in[0]).log_prob(0);
    };
    const auto cdf = [](std::span<const Tensor> in) { return dist::StudentT(in[0]).cdf(1e-20); };
    const Real p = std::exp(dist::StudentT(df).log_prob(0).item());
    CHECK(value_and_grad(cdf, {df}).grads[0].item() * 1e20 ==
          Approx(p * value_and_grad(center, {df}).grads[0].item()).epsilon(1e-6).margin(0));
  }
}

TEST_CASE("distribution functions of counts are sums of masses") {
  const auto check = [](const dist::Distribution& d, Index n) {
    const Tensor k = arange(n);
    const Tensor mass = exp(d.log_prob(k)), f = d.cdf(k);
    Real sum = 0;
    for (Index i = 0; i < n; ++i) {
      sum += mass.at({i});
      INFO(d.name() << " " << i);
      CHECK(f.at({i}) == Approx(sum).epsilon(1e-11));
    }
    for (Index i = 0; i < n && f.at({i}) < 1 - 1e-9; ++i) {
      CHECK(d.icdf(f.at({i})).item() == static_cast<Real>(i));
    }
  };
  check(dist::Poisson(3.7), 20);
  check(dist::Poisson({.log_rate = 4}), 90);
  check(dist::Binomial(30, {.probs = 0.3}), 31);
  check(dist::Binomial(30, {.probs = 1e-12}), 31);
  check(dist::Binomial(12, {.logits = -40}), 13);
  check(dist::Binomial(12, {.logits = 3}), 13);
  check(dist::Bernoulli({.probs = 0.3}), 2);
  check(dist::Bernoulli({.logits = 1.3}), 2);
  const Tensor scores = spread({300}, 1);
  check(dist::Categorical({.logits = scores}), 300);
  check(dist::Categorical({.probs = exp(scores)}), 300);
}

TEST_CASE("quantiles of large counts are the smallest that reach a probability") {
  const auto check = [](const dist::Distribution& d) {
    for (const double q : {1e-12, 0.01, 0.5, 0.77, 0.999999}) {
      const Real k = d.icdf(q).item();
      INFO(d.name() << " " << q << ": " << k);
      CHECK(d.cdf(k).item() >= q);
      CHECK(d.cdf(k - 1).item() < q);
    }
  };
  for (const double rate : {0.01, 3.0, 1e3, 1e7}) check(dist::Poisson(rate));
  check(dist::Poisson({.log_rate = 12}));
  for (const double p : {1e-6, 0.03, 0.5, 0.99}) check(dist::Binomial(1'000'000, {.probs = p}));
  check(dist::Binomial(1'000'000, {.logits = -3}));
  CHECK(
      dist::Poisson(1e7).icdf(0.3).item() ==
      Approx(boost::math::quantile(boost::math::normal(1e7 - 0.5, std::sqrt(1e7)), 0.3)).margin(2));
}

TEST_CASE("what is sure or absent has its quantiles too") {
  CHECK(dist::Poisson(0).cdf(0).item() == 1);
  CHECK(dist::Poisson(0).icdf(1).item() == 0);
  CHECK(dist::Poisson(3).icdf(1).item() == kInfinity);
  CHECK(dist::Poisson(3).icdf(0).item() == 0);
  enable_validation(false);
  CHECK(isnan(dist::Poisson(tensor({kNaN, -1})).icdf(0.5)).is_all());
  enable_validation(true);
  CHECK(dist::Binomial(5, {.probs = 1}).icdf(0.5).item() == 5);
  CHECK(dist::Binomial(5, {.probs = 0}).icdf(1).item() == 0);
  CHECK(dist::Binomial(0, {.probs = 0.5}).cdf(0).item() == 1);
  CHECK(dist::Binomial(5, {.probs = 0.5}).icdf(1).item() == 5);
  CHECK(dist::Bernoulli({.probs = 1}).icdf(0.01).item() == 1);
  CHECK(dist::Bernoulli({.probs = 0}).icdf(1).item() == 0);
  const dist::Categorical gaps({.logits = tensor({-kInfinity, 0.3, -kInfinity, 0.3, -kInfinity})});
  CHECK(same_bits(gaps.cdf(arange(5)), tensor({0.0, 0.5, 0.5, 1.0, 1.0})));
  CHECK(same_bits(gaps.icdf(tensor({0.1, 0.5, 0.51, 1.0})), tensor({1.0, 1.0, 3.0, 3.0})));
  // by probs at the edges: 0 and n sure successes
  const auto f = [](std::span<const Tensor> in) {
    return sum(dist::Binomial(4, {.probs = in[0]}).cdf(tensor({0, 3})));
  };
  const Tensor slopes = value_and_grad(f, {tensor({0, 1})}).grads[0];
  CHECK((abs(slopes + 4) < 1e-13).is_all());
}

TEST_CASE("quantiles of 1 are infinite where the support is") {
  for (const dist::Distribution& d :
       {dist::Distribution(dist::Cauchy(2, 3)), dist::Distribution(dist::HalfCauchy(3))}) {
    INFO(d.name());
    const Tensor x = d.icdf(tensor({0.5, 1.0}));
    CHECK(x.at({1}) == kInfinity);
    CHECK(x.at({0}) == Approx(d.name() == "Cauchy" ? 2 : 3));
    CHECK(std::isfinite(d.icdf(1 - std::numeric_limits<Real>::epsilon()).item()));
  }
  CHECK(dist::Cauchy(2, 3).icdf(0).item() == -kInfinity);
}
