// The workloads of the table in Stan Math (Debian's r-cran-stanheaders), as a Stan program's ADVI
// would run them: a draw of the mean-field guide, the log density and its reverse pass over vars,
// the chain rule to locations and log scales, and Adam as one loop. Sampling statements drop what
// is constant, fused densities (glm) are taken where Stan has them. Stan has no masks: what is kept
// is picked out before. The data are of the same sizes and kinds as ember's, not the same numbers.
// Prints a JSON object that table.py understands.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <stan/math/rev/mat.hpp>
#include <string>
#include <vector>

#include "../common/adam_by_hand.hpp"

namespace math = stan::math;
using math::var;
using Vector = Eigen::VectorXd;
using Vars = Eigen::Matrix<var, Eigen::Dynamic, 1>;

namespace {

std::mt19937_64 engine(1);

double normal() {
  static std::normal_distribution<double> distribution;
  return distribution(engine);
}
double uniform() { return std::uniform_real_distribution<double>()(engine); }
Vector normals(Eigen::Index n) {
  return Vector::NullaryExpr(n, [](Eigen::Index) { return normal(); });
}

const char* separator = "";  // before the next row

// Prints a row: the least time of a run, in ns.
template <class F>
void row(const std::string& name, F run) {
  using Clock = std::chrono::steady_clock;
  double least = INFINITY, total = 0;
  for (int i = 0; i < 3 || (total < 0.3 && i < 100000); ++i) {
    const auto begin = Clock::now();
    run();
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    least = std::min(least, took);
    total += took;
  }
  std::printf("%s\n    \"%s\": %.1f", separator, name.c_str(), least * 1e9);
  std::fflush(stdout);
  separator = ",";
}

// A step of variational inference under a mean-field guide of n coordinates.
class MeanField {
 public:
  explicit MeanField(std::size_t n) : n_(n), u_(2 * n), g_(2 * n), eps_(n), adam_(2 * n) {
    std::fill(u_.begin() + static_cast<std::ptrdiff_t>(n), u_.end(), std::log(0.1));
  }

  template <class LogJoint>
  double step(LogJoint log_joint) {
    Vars x(static_cast<Eigen::Index>(n_));
    double log_q = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      eps_[i] = normal();
      x(static_cast<Eigen::Index>(i)) = u_[i] + std::exp(u_[n_ + i]) * eps_[i];
      log_q -= 0.5 * eps_[i] * eps_[i] + u_[n_ + i];
    }
    var lp = log_joint(x);
    lp.grad();
    for (std::size_t i = 0; i < n_; ++i) {
      g_[i] = -x(static_cast<Eigen::Index>(i)).adj();
      g_[n_ + i] = g_[i] * eps_[i] * std::exp(u_[n_ + i]) - 1;
    }
    const double loss = log_q - lp.val();
    math::recover_memory();
    adam_.begin();
    adam_.descend(u_, g_, 0, 2 * n_);
    return loss;
  }

 private:
  std::size_t n_;
  std::vector<double> u_, g_, eps_;
  bench::AdamByHand adam_;
};

void eight_schools() {
  Vector y(8), sigma(8);
  y << 28, 8, -3, 7, -1, 1, 18, 12;
  sigma << 15, 10, 16, 11, 9, 11, 10, 18;
  MeanField guide(10);
  row("1.eight_schools", [&] {
    guide.step([&](const Vars& x) -> var {
      const var tau = exp(x(1));
      const Vars z = x.tail(8);
      const Vars theta = math::add(x(0), math::multiply(tau, z));
      return math::normal_lpdf<true>(x(0), 0, 5) + math::cauchy_lpdf<true>(tau, 0, 5) + x(1) +
             math::normal_lpdf<true>(z, 0, 1) + math::normal_lpdf<true>(y, theta, sigma);
    });
  });
}

void masked_normal() {
  constexpr Eigen::Index kN = 1000000;
  const Vector loc = normals(kN), y = loc + normals(kN);
  const Vector scale = (0.3 * normals(kN)).array().exp();
  for (const int kept : {100, 50, 10, 1}) {
    std::vector<Eigen::Index> list;
    for (Eigen::Index i = 0; i < kN; ++i) {
      if (uniform() * 100 < kept) list.push_back(i);
    }
    const auto n = static_cast<Eigen::Index>(list.size());
    Vector seen(n);
    for (Eigen::Index j = 0; j < n; ++j) seen(j) = y(list[static_cast<std::size_t>(j)]);
    const std::string arguments = "/n:1000000/kept:" + std::to_string(kept) + "/run:1";
    const auto picked = [&](const Vector& all) {
      Vars out(n);
      for (Eigen::Index j = 0; j < n; ++j) out(j) = all(list[static_cast<std::size_t>(j)]);
      return out;
    };
    row("4.normal_loc" + arguments, [&] {
      const var s = 1.3;
      math::normal_lpdf<false>(seen, picked(loc), s).grad();
      math::recover_memory();
    });
    row("4.normal_loc_scale" + arguments, [&] {
      math::normal_lpdf<false>(seen, picked(loc), picked(scale)).grad();
      math::recover_memory();
    });
  }
}

void categorical_step() {
  constexpr std::size_t kRows = 4096 * 64, kC = 10;
  std::vector<double> u(kRows * kC), g(kRows * kC);
  for (double& v : u) v = normal();
  for (const int kept : {100, 10, 1}) {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < kRows; ++i) {
      if (uniform() * 100 < kept) list.push_back(i);
    }
    std::vector<int> y;
    for (std::size_t j = 0; j < list.size(); ++j) {
      y.push_back(1 + static_cast<int>(uniform() * static_cast<double>(kC)));
    }
    bench::AdamByHand adam(u.size());
    row("6.categorical_step/kept:" + std::to_string(kept), [&] {
      std::vector<Vars> rows(list.size(), Vars(kC));
      std::vector<var> terms;
      for (std::size_t j = 0; j < list.size(); ++j) {
        for (std::size_t c = 0; c < kC; ++c)
          rows[j](static_cast<Eigen::Index>(c)) = u[list[j] * kC + c];
        terms.push_back(math::categorical_logit_lpmf<true>(y[j], rows[j]));
      }
      math::sum(terms).grad();
      for (std::size_t j = 0; j < list.size(); ++j) {
        for (std::size_t c = 0; c < kC; ++c)
          g[list[j] * kC + c] = rows[j](static_cast<Eigen::Index>(c)).adj();
      }
      math::recover_memory();
      adam.begin();
      adam.descend(u, g, 0, u.size(), -1);
    });
    std::fill(g.begin(), g.end(), 0);
  }
}

void logistic() {
  constexpr Eigen::Index kRows = 10000, kColumns = 50;
  const Eigen::MatrixXd x =
      Eigen::MatrixXd::NullaryExpr(kRows, kColumns, [](Eigen::Index) { return normal(); });
  const Vector logits = x * normals(kColumns);
  std::vector<int> y;
  for (Eigen::Index i = 0; i < kRows; ++i) y.push_back(uniform() < 1 / (1 + std::exp(-logits(i))));
  MeanField guide(kColumns);
  row("8.logistic", [&] {
    guide.step([&](const Vars& w) -> var {
      return math::normal_lpdf<true>(w, 0, 1) + math::bernoulli_logit_glm_lpmf<true>(y, x, 0.0, w);
    });
  });
}

void sequences() {
  std::vector<Eigen::Index> lengths;
  std::vector<int> y;
  for (int i = 0; i < 1000; ++i) {
    lengths.push_back(1 + static_cast<Eigen::Index>(uniform() * 100));
    double state = 2 + normal();
    for (Eigen::Index t = 0; t < lengths.back(); ++t) {
      if (t > 0) state = 2 + 0.8 * (state - 2) + 0.5 * normal();
      y.push_back(std::poisson_distribution<int>(std::exp(state))(engine));
    }
  }
  MeanField guide(3 + y.size());
  row("9.sequences", [&] {
    guide.step([&](const Vars& x) -> var {
      const var phi = x(0), sigma = exp(x(1)), m = x(2);
      std::vector<var> terms{math::normal_lpdf<true>(phi, 0, 1),
                             math::normal_lpdf<true>(sigma, 0, 1), x(1),
                             math::normal_lpdf<true>(m, 0, 2)};
      const Vars states = x.tail(static_cast<Eigen::Index>(y.size()));
      terms.push_back(math::poisson_log_lpmf<true>(y, states));
      Eigen::Index begin = 0;
      for (const Eigen::Index n : lengths) {
        terms.push_back(math::normal_lpdf<true>(states(begin), m, 1));
        if (n > 1) {
          const Vars before = states.segment(begin, n - 1),
                     after = states.segment(begin + 1, n - 1);
          const Vars mean = math::add(m, math::multiply(phi, math::subtract(before, m)));
          terms.push_back(math::normal_lpdf<true>(after, mean, sigma));
        }
        begin += n;
      }
      return math::sum(terms);
    });
  });
}

void varying_intercepts() {
  constexpr Eigen::Index kN = 12573, kGroups = 85;
  std::vector<Eigen::Index> group;
  for (Eigen::Index i = 0; i < kN; ++i) {
    const double u = uniform();
    group.push_back(static_cast<Eigen::Index>(u * u * static_cast<double>(kGroups)));
  }
  const Vector truth = 1 + 0.5 * normals(kGroups).array();
  const Eigen::MatrixXd x = normals(kN);
  Vector y = 0.7 * x + 0.8 * normals(kN);
  for (Eigen::Index i = 0; i < kN; ++i) y(i) += truth(group[static_cast<std::size_t>(i)]);
  MeanField guide(4 + kGroups);
  row("10.varying_intercepts", [&] {
    guide.step([&](const Vars& c) -> var {
      const var tau = exp(c(1)), sigma = exp(c(3));
      const Vars alpha = c.tail(kGroups), beta = c.segment(2, 1);
      Vars each(kN);
      for (Eigen::Index i = 0; i < kN; ++i) each(i) = alpha(group[static_cast<std::size_t>(i)]);
      return math::normal_lpdf<true>(c(0), 0, 10) + math::cauchy_lpdf<true>(tau, 0, 5) + c(1) +
             math::normal_lpdf<true>(c(2), 0, 10) + math::cauchy_lpdf<true>(sigma, 0, 5) + c(3) +
             math::normal_lpdf<true>(alpha, c(0), tau) +
             math::normal_id_glm_lpdf<true>(y, x, each, beta, sigma);
    });
  });
}

}  // namespace

int main() {
  std::printf(
      "{\"peer\": \"Stan Math %d.%d.%d\",\n \"about\": \"one step as Stan's ADVI takes it, "
      "compiled with the same flags "
      "(r-cran-stanheaders); elements that a mask hides are picked out before, and constants "
      "dropped.\",\n \"rows\": {",
      STAN_MATH_MAJOR, STAN_MATH_MINOR, STAN_MATH_PATCH);
  eight_schools();
  masked_normal();
  categorical_step();
  logistic();
  sequences();
  varying_intercepts();
  std::printf("\n }}\n");
  return 0;
}
