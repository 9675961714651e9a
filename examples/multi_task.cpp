// Many tasks, each person measured on some of them: latent factors under three likelihoods.
//
// A person has two latent abilities; every task loads on them in its own way and is of its own
// kind: scores are normal, yes-or-no tasks Bernoulli, counts Poisson.
//
//     z_i ~ Normal(0, 1) (2),  w_t ~ Normal(0, 1) (2),  b_t ~ Normal(0, 2)
//     eta_it = b_t + w_t . z_i
//     score ~ Normal(eta, s),  answer ~ Bernoulli(logits = eta),  count ~ Poisson(exp eta)
//
// Each person did a different subset of the tasks: the tables hold NaN elsewhere, and a mask says
// what was measured. A tenth of what was measured is held out and predicted.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kPeople = 300, kFactors = 2, kDraws = 300;
constexpr Index kScores = 6, kAnswers = 8, kCounts = 5;
constexpr Index kTasks = kScores + kAnswers + kCounts;

// One table a kind of task; NaN where somebody did not do a task.
struct Tables {
  Tensor score, answer, count;
};

Tensor columns(const Tensor& x, Index begin, Index n) { return x.slice(-1, begin, begin + n); }

struct Study {
  Tables train, held_out;
};

// Draws abilities and tasks, and lets everybody do about half of the tasks.
Study make_study() {
  const Tensor z = dist::Normal(0, 1).sample({kPeople, kFactors});
  const Tensor w = dist::Normal(0, 1).sample({kFactors, kTasks});
  const Tensor eta = dist::Normal(0, 0.5).sample({kTasks}) + matmul(z, w);
  const Tensor eta_count = columns(eta, kScores + kAnswers, kCounts) * 0.5;
  const Tables all{dist::Normal(columns(eta, 0, kScores), 0.5).sample(),
                   dist::Bernoulli({.logits = columns(eta, kScores, kAnswers)}).sample(),
                   dist::Poisson({.log_rate = eta_count}).sample()};
  const Tensor done = dist::Bernoulli({.probs = 0.5}).sample({kPeople, kTasks});
  const Tensor hidden = dist::Bernoulli({.probs = 0.1}).sample({kPeople, kTasks});
  const auto keep = [&](const Tensor& x, Index begin, Real held) {
    const Index n = x.shape()[1];
    const Mask kept = (columns(done, begin, n) == 1) & (columns(hidden, begin, n) == held);
    return where(kept, x, std::nan(""));
  };
  const auto tables = [&](Real held) {
    return Tables{keep(all.score, 0, held), keep(all.answer, kScores, held),
                  keep(all.count, kScores + kAnswers, held)};
  };
  return {tables(0), tables(1)};
}

void model(const Tables& d) {
  const Tensor w = sample("w", dist::Normal(0, 1).expand({kFactors, kTasks}).to_event(2));
  const Tensor b = sample("b", dist::Normal(0, 2).expand({kTasks}).to_event(1));
  const Tensor s = sample("s", dist::HalfNormal(1).expand({kScores}).to_event(1));
  plate people("people", kPeople, {.dim = -1});
  const Tensor z = sample("z", dist::Normal(0, 1).expand({kPeople, kFactors}).to_event(1));
  const Tensor eta = deterministic("eta", b + matmul(z, w));
  const Tensor scores = columns(eta, 0, kScores);
  const Tensor answers = columns(eta, kScores, kAnswers);
  const Tensor counts = columns(eta, kScores + kAnswers, kCounts);
  sample("score", dist::Normal(scores, s).mask(!isnan(d.score)).to_event(1), {.obs = d.score});
  sample("answer", dist::Bernoulli({.logits = answers}).mask(!isnan(d.answer)).to_event(1),
         {.obs = d.answer});
  sample("count", dist::Poisson({.log_rate = counts}).mask(!isnan(d.count)).to_event(1),
         {.obs = d.count});
}

double mean_where(const Mask& mask, const Tensor& x) {
  return static_cast<double>(sum(where(mask, x, 0)).item()) / static_cast<double>(mask.count());
}

// Mean log density of what was held out: averaged over draws of the model, and by each task's own
// mean.
struct Comparison {
  double model, baseline;
};

template <class Family>
Comparison compare(const Family& draws, const Family& by_task, const Tensor& held_out) {
  const Mask kept = !isnan(held_out);
  const Tensor densities = draws.mask(kept).log_prob(held_out);  // (draws, people, tasks)
  const double count = static_cast<double>(densities.shape()[0]);
  return {mean_where(kept, logsumexp(densities, 0)) - std::log(count),
          mean_where(kept, by_task.mask(kept).log_prob(held_out))};
}

Tensor task_means(const Tensor& x) {
  const Mask there = !isnan(x);
  return sum(where(there, x, 0), 0) / sum(to_tensor(there), 0);
}

}  // namespace

int main() {
  set_rng_seed(5);
  const Study study = make_study();
  const Tables& train = study.train;
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.9985}));
  const infer::Fit fit = svi.run(3000, {.progress = true}, train);
  std::printf("fitted in %.2f s, loss %.1f\n\n", fit.seconds,
              static_cast<double>(fit.losses.back()));

  const Values draws = infer::Predictive(model, guide, {.num_samples = kDraws})(train);
  const Tensor& eta = draws.at("eta");  // (draws, people, tasks)
  const Tensor sd = draws.at("s").reshape({kDraws, 1, kScores});
  const Tensor score_mean = task_means(train.score);
  const Tensor there = to_tensor(!isnan(train.score));
  const Tensor score_sd =
      sqrt(sum(where(there > 0, square(train.score - score_mean), 0), 0) / sum(there, 0));
  const Comparison score = compare(dist::Normal(columns(eta, 0, kScores), sd),
                                   dist::Normal(score_mean, score_sd), study.held_out.score);
  const Comparison answer =
      compare(dist::Bernoulli({.logits = columns(eta, kScores, kAnswers)}),
              dist::Bernoulli({.probs = task_means(train.answer)}), study.held_out.answer);
  const Comparison count =
      compare(dist::Poisson({.log_rate = columns(eta, kScores + kAnswers, kCounts)}),
              dist::Poisson(task_means(train.count)), study.held_out.count);
  std::puts("mean log density of held-out entries    model   by the task's own mean");
  const auto row = [](const char* name, const Comparison& c) {
    std::printf("%-38s %7.3f %10.3f\n", name, c.model, c.baseline);
  };
  row("scores (normal)", score);
  row("answers (Bernoulli)", answer);
  row("counts (Poisson)", count);
  const bool better = score.model > score.baseline + 0.3 && answer.model > answer.baseline + 0.04 &&
                      count.model > count.baseline + 0.04;
  std::puts(better ? "\nother tasks tell about the one that was not done" : "\nNOT better");
  return better ? 0 : 1;
}
