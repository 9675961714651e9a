// Ideal points from roll calls: 435 members of the House, 16 votes of 1984, some not cast.
//
// Member i stands at x_i on a line; bill j has a leaning b_j and a popularity a_j (Clinton, Jackman
// and Rivers 2004):
//
//     x_i ~ Normal(0, 1),  a_j ~ Normal(0, 2),  b_j ~ Normal(0, 2)
//     P(member i votes yes on bill j) = sigmoid(a_j + b_j x_i)
//
// Votes that were not cast are NaN, and hidden by a mask. A tenth of those that were cast is hidden
// as well, at random, and predicted. Nobody tells the model the parties; it finds them.
#include <ember/ember.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

const std::vector<std::string> kBills = {
    "handicapped", "water",      "adoption", "physician",     "salvador",    "religious",
    "satellite",   "nicaraguan", "missile",  "immigration",   "corporation", "education",
    "sue",         "crime",      "exports",  "administration"};

struct House {
  Tensor vote;   // (members, bills): 1 yes, 0 no, NaN not cast
  Mask seen;     // what the model is shown
  Mask hidden;   // cast, but not shown
  Tensor party;  // (members): 0 democrat, 1 republican
};

House read_house() {
  const Table table = read_csv(std::string(EXAMPLES_DATA) + "/house_votes.csv");
  const Tensor vote = table.matrix(kBills);
  const Mask cast = !isnan(vote);
  const Mask chosen = dist::Bernoulli({.probs = 0.1}).sample(vote.shape()) == 1;
  return {vote, cast & !chosen, cast & chosen, table["party"]};
}

void model(const House& d) {
  const Index members = d.vote.shape()[0];
  const Index bills = d.vote.shape()[1];
  Tensor a, b;
  {
    plate each("bills", bills, {.dim = -1});
    a = sample("popularity", dist::Normal(0, 2));
    b = sample("leaning", dist::Normal(0, 2));
  }
  plate each_member("members", members, {.dim = -2});
  const Tensor x = sample("ideal_point", dist::Normal(0, 1));  // (members, 1)
  plate each_bill("bills", bills, {.dim = -1});
  sample("vote", dist::Bernoulli({.logits = a + b * x}).mask(d.seen), {.obs = d.vote});
}

// The share of the elements of `among` in which a prediction comes true.
double share_right(const Mask& predicted, const Tensor& truth, const Mask& among) {
  const Mask right = to_tensor(predicted) == truth;
  return static_cast<double>((right & among).count()) / static_cast<double>(among.count());
}

}  // namespace

int main() {
  set_rng_seed(1);
  const House house = read_house();
  infer::AutoNormal guide(model, {.init = infer::init_to_uniform(0.5)});
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.998}));
  const infer::Fit fit = svi.run(1500, {.progress = true}, house);
  std::printf("%lld votes seen, %lld hidden, %lld not cast; fitted in %.2f s\n\n",
              static_cast<long long>(house.seen.count()),
              static_cast<long long>(house.hidden.count()),
              static_cast<long long>(isnan(house.vote).count()), fit.seconds);

  const Values at = guide.median();
  const Tensor& x = at.at("ideal_point");
  std::puts("bill              popularity   leaning");
  for (Index j = 0; j < house.vote.shape()[1]; ++j) {
    std::printf("%-16s %10.2f %10.2f\n", kBills[static_cast<std::size_t>(j)].c_str(),
                static_cast<double>(at.at("popularity").at({j})),
                static_cast<double>(at.at("leaning").at({j})));
  }

  // The line has no direction of its own: either sign may be a party's.
  const Tensor members = x.reshape(house.party.shape());
  const double agree = share_right(members > 0, house.party, !isnan(house.party));
  const double parties = std::max(agree, 1 - agree);

  const Tensor logits = at.at("popularity") + at.at("leaning") * x;
  const double accuracy = share_right(logits > 0, house.vote, house.hidden);
  const Tensor yes = sum(where(house.seen, house.vote, 0), 0);
  const Tensor ballots = sum(to_tensor(house.seen), 0);
  const double majority = share_right(2 * yes > ballots, house.vote, house.hidden);
  std::printf("\nthe sign of the ideal point tells the party of %.1f %% of the members\n",
              100 * parties);
  std::printf("hidden votes predicted: %.1f %%, by each bill's majority %.1f %%\n", 100 * accuracy,
              100 * majority);
  return parties >= 0.84 && accuracy >= 0.75 && accuracy >= majority + 0.15 ? 0 : 1;
}
