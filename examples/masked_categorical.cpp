// The (B, E, C) recipe: a rectangle of categorical observations of which parts do not count.
//
// Each of B people answers up to E questions with C possible answers. Three kinds of masks say what
// counts, and combine element by element:
//   - on the distribution: which questions a person's model covers (their logits are NaN
//   elsewhere),
//   - by a handler: which people belong to this batch,
//   - at the observation: which answers are really there (the others are drawn).
// What any of them hides is not computed, and no NaN reaches the weights or their gradients.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr Index kPeople = 4;     // B
constexpr Index kQuestions = 3;  // E
constexpr Index kAnswers = 5;    // C
constexpr Index kFeatures = 2;

struct Survey {
  Tensor features;  // (B, E, F), NaN where a question is not modelled
  Tensor answers;   // (B, E), NaN where there is no answer
  Mask in_batch;    // (B, 1)
};

Survey make_survey() {
  const Real nan = std::nan("");
  Tensor features = dist::Normal(0, 1).expand({kPeople, kQuestions, kFeatures}).sample();
  const Mask modelled =
      mask_of({true, true, true, true, false, true, true, true, true, true, true, false},
              {kPeople, kQuestions, 1});
  Tensor answers = tensor({{0, 4, 2}, {1, 1, 3}, {2, 0, 0}, {4, 3, 1}});
  const Mask given =
      mask_of({true, true, true, true, true, false, true, true, true, false, true, true},
              {kPeople, kQuestions});
  return {where(modelled, features, nan), where(given, answers, nan),
          mask_of({true, true, false, true}, {kPeople, 1})};
}

Tensor model(const Survey& survey) {
  const Tensor weight =
      sample("weight", dist::Normal(0, 1).expand({kFeatures, kAnswers}).to_event(2));
  const Tensor logits = matmul(survey.features, weight);  // (B, E, C), rows of NaN
  const Mask modelled = !any(isnan(logits), -1);          // (B, E)
  plate people("people", kPeople, {.dim = -2});
  plate questions("questions", kQuestions, {.dim = -1});
  with inside(h::mask(survey.in_batch));
  return sample("answer", dist::Categorical({.logits = logits}).mask(modelled),
                {.obs = survey.answers, .obs_mask = !isnan(survey.answers)});
}

}  // namespace

int main() {
  set_rng_seed(1);
  const Survey survey = make_survey();
  const Trace trace = h::trace(model).get_trace(survey);
  std::puts("Each row says how many of the 12 cells count, and what hides the others:\n");
  std::fputs(trace.format_table().c_str(), stdout);

  // The gradient by the weights: finite, although features, logits and answers hold NaN.
  const auto [value, grads] = value_and_grad(
      [&](std::span<const Tensor> in) {
        return h::trace(h::condition(model, {{"weight", in[0]}})).get_trace(survey).log_prob_sum();
      },
      {trace["weight"].value});
  std::printf("\nlog joint %.6f, its gradient by the weights:\n%s\n", static_cast<double>(value),
              to_string(grads[0]).c_str());
  std::printf("\nanswers, completed where they were missing:\n%s\n",
              to_string(trace["answer"].value).c_str());
  return isfinite(grads[0]).is_all() ? 0 : 1;
}
