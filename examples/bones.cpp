// Skeletal age from radiographs: a graded-response model with missing grades.
//
// Thirteen children were X-rayed; each of 34 indicators of the knee was given one of up to five
// ordered grades. Indicator j separates young from old with strength delta_j, and its cut points
// gamma_jk say at which age grade k gives way to grade k + 1:
//
//     theta_i ~ Normal(0, 36)                                  the child's skeletal age
//     P(grade_ij > k) = sigmoid(delta_j (theta_i - gamma_jk))
//
// Some grades are missing, and indicators have unequal numbers of grades. Both are told by numbers
// that are not there: a missing grade is a row of NaN logits that a mask hides; a grade that an
// indicator does not have gets the logit -infinity. Nothing behind the mask is computed, and no NaN
// reaches the ages or their gradients. Compare examples/masked_categorical.cpp.
//
//     bones [--steps N] [--seed N] [--out FILE]    fits, prints ages and grades, saves a trace
//     bones --check                                fits under five seeds, fails unless exact
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::nan("");
const Real kInfinity = INFINITY;

struct Bones {
  Index children, indicators;
  Tensor grade;         // (13, 34): 0 .. 4, NaN where missing
  Tensor delta, gamma;  // (34, 1) and (34, 4): NaN where an indicator has no such cut
  Mask seen;            // (13, 34)
};

Bones read_bones(const std::string& folder) {
  auto file = read_json(folder + "/bones.json");
  const auto absent_as_nan = [](const Tensor& x) { return where(x == -1, kNaN, x); };
  const Tensor grade = absent_as_nan(file["grade"]) - 1;
  const Index children = grade.shape()[0];
  const Index indicators = grade.shape()[1];
  return {children,
          indicators,
          grade,
          file["delta"].reshape({indicators, 1}),
          absent_as_nan(file["gamma"]),
          !isnan(grade)};
}

// log P(grade = k) for every child and indicator, (13, 34, 5). The difference of two sigmoids would
// cancel far out; for a < b it is
//     Q_a - Q_b = Q_a (1 - Q_b) (1 - exp(-delta (gamma_b - gamma_a))).
Tensor grade_logits(const Bones& d, const Tensor& theta) {
  const Tensor x = d.delta * (theta.reshape({d.children, 1, 1}) - d.gamma);  // (13, 34, 4)
  const Tensor log_above = -softplus(-x);                                    // log Q
  const Tensor log_below = -softplus(x);                                     // log (1 - Q)
  const Tensor gap = d.delta * (d.gamma.slice(1, 1, 4) - d.gamma.slice(1, 0, 3));
  const Tensor between = log_above.slice(2, 0, 3) + log_below.slice(2, 1, 4) + log(-expm1(-gap));
  const Tensor none = full({d.children, d.indicators, 1}, kNaN);
  // An indicator's highest grade is everything above its last cut.
  const Tensor next_gamma = concatenate({d.gamma.slice(1, 1, 4), full({d.indicators, 1}, kNaN)}, 1);
  const Mask is_last = isnan(next_gamma) & !isnan(d.gamma);
  const Tensor upper = where(is_last, log_above, concatenate({between, none}, 2));
  const Tensor logits = concatenate({log_below.slice(2, 0, 1), upper}, 2);
  return where(isnan(logits), -kInfinity, logits);
}

Tensor ages(const Bones& d) {
  plate child("child", d.children);
  return sample("theta", dist::Normal(0, 36));
}

void model(const Bones& d) {
  const Tensor theta = ages(d);
  // A missing grade says nothing: its row is NaN, and the mask hides it.
  const Tensor logits = where(d.seen.unsqueeze_right(1), grade_logits(d, theta), kNaN);
  plate child("each_child", d.children, {.dim = -2});
  plate indicator("indicator", d.indicators, {.dim = -1});
  sample("grade", dist::Categorical({.logits = logits}).mask(d.seen), {.obs = d.grade});
}

// The same ages, and every grade drawn: what the missing ones may have been.
void complete(const Bones& d) {
  const Tensor theta = ages(d);
  plate child("each_child", d.children, {.dim = -2});
  plate indicator("indicator", d.indicators, {.dim = -1});
  sample("grade", dist::Categorical({.logits = grade_logits(d, theta)}));
}

struct Posterior {
  Tensor mean, sd;
};

template <class Guide>
infer::Fit fit(const Bones& d, const Guide& guide, Index steps) {
  // The learning rate falls a hundredfold, so that the last steps average the noise away.
  const double decay = std::pow(0.01, 1.0 / static_cast<double>(steps));
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.1, .lrd = decay}),
                 infer::TraceELBO({.num_particles = 4}));
  return svi.run(steps, {.progress = true}, d);
}

Posterior posterior_of_ages() {
  return {param_store().get("AutoNormal.locs.theta"), param_store().get("AutoNormal.scales.theta")};
}

void print_ages(const Bones& d, const Posterior& p) {
  auto exact = read_json(std::string(EXAMPLES_DATA) + "/bones_posterior.json");
  std::puts("          fitted           exact");
  std::puts("child   age     sd      age     sd    grades seen");
  for (Index i = 0; i < d.children; ++i) {
    const Index row[] = {i};
    std::printf("%5lld %6.2f %6.2f   %6.2f %6.2f   %6lld of %lld\n", static_cast<long long>(i + 1),
                static_cast<double>(p.mean.at({i})), static_cast<double>(p.sd.at({i})),
                static_cast<double>(exact["mean"].at({i})),
                static_cast<double>(exact["sd"].at({i})),
                static_cast<long long>(index_select(d.seen, 0, row).count()),
                static_cast<long long>(d.indicators));
  }
}

void print_imputed(const Bones& d, const Tensor& draws) {
  std::puts("\nmissing grades, imputed:  P(grade = 1), P(2), ...");
  const Index n = draws.shape()[0];
  for (Index i = 0; i < d.children; ++i) {
    for (Index j = 0; j < d.indicators; ++j) {
      if (d.seen.at({i, j})) continue;
      std::printf("  child %2lld, indicator %2lld: ", static_cast<long long>(i + 1),
                  static_cast<long long>(j + 1));
      for (Index k = 0; k < 5; ++k) {
        Index count = 0;
        for (Index s = 0; s < n; ++s) count += draws.at({s, i, j}) == static_cast<Real>(k) ? 1 : 0;
        std::printf(" %4.2f", static_cast<double>(count) / static_cast<double>(n));
      }
      std::puts("");
    }
  }
}

// Within a tenth of a posterior standard deviation in mean and ten per cent in sd, for five seeds.
int check(const Bones& d, Index steps) {
  auto exact = read_json(std::string(EXAMPLES_DATA) + "/bones_posterior.json");
  int failures = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    param_store().clear();
    set_rng_seed(seed);
    fit(d, infer::AutoNormal(model), steps);
    const Posterior p = posterior_of_ages();
    const Tensor off_mean = max(abs(p.mean - exact["mean"]) / exact["sd"]);
    const Tensor off_sd = max(abs(p.sd / exact["sd"] - 1));
    const bool good = off_mean.item() <= 0.1 && off_sd.item() <= 0.1;
    std::printf("seed %d: means off by at most %.3f sd, sds by %.1f %%: %s\n",
                static_cast<int>(seed), static_cast<double>(off_mean.item()),
                static_cast<double>(100 * off_sd.item()), good ? "good" : "BAD");
    failures += good ? 0 : 1;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Index steps = 3000;
  std::uint64_t seed = 1;
  std::string out = "bones.trace.json";
  bool checks = false;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--check") == 0) {
      checks = true;
    } else if (std::strcmp(argv[i], "--steps") == 0 && more) {
      steps = std::atoll(argv[++i]);
    } else if (std::strcmp(argv[i], "--seed") == 0 && more) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--out") == 0 && more) {
      out = argv[++i];
    } else {
      std::fputs("usage: bones [--steps N] [--seed N] [--out FILE] | bones --check\n", stderr);
      return 2;
    }
  }
  try {
    const Bones data = read_bones(EXAMPLES_DATA);
    if (checks) return check(data, steps);

    set_rng_seed(seed);
    infer::AutoNormal guide(model);
    const infer::Fit result = fit(data, guide, steps);
    std::printf("fitted in %.2f s, final loss %.3f\n\n", result.seconds,
                static_cast<double>(result.losses.back()));
    print_ages(data, posterior_of_ages());

    const Values draws = infer::Predictive(complete, guide, {.num_samples = 1000})(data);
    print_imputed(data, draws.at("grade"));

    const Trace trace =
        h::trace(h::replay(model, guide.median()), {.relations = true}).get_trace(data);
    trace.save(out);
    std::printf("\nat the medians (saved as %s; look at it with ember-inspect):\n%s", out.c_str(),
                trace.format_table().c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "bones: %s\n", error.what());
    return 1;
  }
  return 0;
}
