// Ratings: a table of 1000 people x 2000 films of which one cell in a hundred is known.
//
// A rating of 1 .. 5 is categorical. Person i and film j have a place on two tastes each; where
// they agree, high ratings are likely:
//
//     u_i ~ Normal(0, 1) (2),  v_j ~ Normal(0, 1) (2),  b_c ~ Normal(0, 1)
//     logits_ijc = b_c + c u_i . v_j,   c = -2 .. 2,   rating_ij ~ Categorical(logits_ij)
//
// The model is written for the whole table; the mask says which cells count. Densities and their
// gradients are computed in these only, and the reverse pass visits nothing else. A tenth of the
// known ratings are held out.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kPeople = 1000, kFilms = 2000, kRatings = 5, kTastes = 2;

struct Ratings {
  Tensor rating;  // (people, films): 0 .. 4
  Mask known, held_out;
};

// One matrix product makes all logits: the base is the weight of a constant taste.
Tensor logits_of(const Tensor& base, const Tensor& people, const Tensor& films) {
  const Tensor steps = arange(-2, 3);
  const Tensor weights = films.reshape({kTastes, kFilms, 1}) * steps;
  const Tensor all = concatenate({weights, base.expand({1, kFilms, kRatings})}, 0);
  const Tensor places = concatenate({people, ones({kPeople, 1})}, 1);
  return matmul(places, all.reshape({kTastes + 1, kFilms * kRatings}))
      .reshape({kPeople, kFilms, kRatings});
}

Ratings make_ratings() {
  const Tensor u = dist::Normal(0, 1).sample({kPeople, kTastes});
  const Tensor v = dist::Normal(0, 0.8).sample({kTastes, kFilms});
  const Tensor rating =
      dist::Categorical({.logits = logits_of(tensor({-0.5, 0.0, 0.5, 0.5, 0.0}), u, v)}).sample();
  const Tensor dice = dist::Normal(0, 1).cdf(dist::Normal(0, 1).sample({kPeople, kFilms}));
  return {rating, dice < 0.009, (dice >= 0.009) & (dice < 0.01)};
}

void model(const Ratings& d) {
  const Tensor base = sample("base", dist::Normal(0, 1).expand({kRatings}).to_event(1));
  const Tensor u = sample("people", dist::Normal(0, 1).expand({kPeople, kTastes}).to_event(2));
  const Tensor v = sample("films", dist::Normal(0, 1).expand({kTastes, kFilms}).to_event(2));
  plate people("each_person", kPeople, {.dim = -2});
  plate films("each_film", kFilms, {.dim = -1});
  sample("rating", dist::Categorical({.logits = logits_of(base, u, v)}).mask(d.known),
         {.obs = d.rating});
}

double mean_where(const Mask& mask, const Tensor& x) {
  return static_cast<double>(sum(where(mask, x, 0)).item()) / static_cast<double>(mask.count());
}

// The mean log density of held-out ratings.
double held_out(const Ratings& d, const Tensor& logits) {
  return mean_where(d.held_out,
                    dist::Categorical({.logits = logits}).mask(d.held_out).log_prob(d.rating));
}

}  // namespace

int main(int argc, char** argv) {
  Index steps = 200;
  if (argc == 3 && std::strcmp(argv[1], "--steps") == 0) steps = std::atoll(argv[2]);
  set_rng_seed(7);
  const Ratings data = make_ratings();
  infer::AutoNormal guide(model, {.init = infer::init_to_uniform(0.1), .init_scale = 0.05});
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}));
  const infer::Fit fit = svi.run(steps, {.progress = true}, data);
  std::printf("%lld of %lld cells are known; %lld steps in %.2f s\n\n",
              static_cast<long long>(data.known.count()),
              static_cast<long long>(data.known.numel()), static_cast<long long>(steps),
              fit.seconds);

  const Values at = guide.median();
  std::vector<Real> counts;
  for (Index c = 0; c < kRatings; ++c) {
    counts.push_back(static_cast<Real>((data.known & (data.rating == c)).count()));
  }
  const double model_score =
      held_out(data, logits_of(at.at("base"), at.at("people"), at.at("films")));
  const double baseline = held_out(data, log(tensor(counts)));
  std::printf("mean log density of held-out ratings: %.3f, by the ratings' shares alone %.3f\n",
              model_score, baseline);
  return model_score > baseline + 0.08 ? 0 : 1;
}
