// Row 6: a whole step of SVI whose parameters are the logits (4096, 64, 10) of a masked
// categorical, beside the density by hand and Adam over all 2.6 million.
#include "common/adam_by_hand.hpp"
#include "common/agreement.hpp"
#include "common/categorical_by_hand.hpp"
#include "common/masks.hpp"
#include "common/on_two_threads.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kB = 4096, kE = 64, kC = 10;

struct Data {
  Tensor y, init;
  Mask mask;
  explicit Data(int kept)
      : y(dist::Categorical({.logits = zeros({kB, kE, kC})}).sample()),
        init(dist::Normal(0, 1).expand({kB, kE, kC}).sample()),
        mask(bench::random_mask({kB, kE}, kept)) {}
};

void model(const Data& d) {
  const Tensor logits = param("logits", d.init);
  plate rows("rows", kB, {.dim = -2});
  plate columns("columns", kE, {.dim = -1});
  sample("y", dist::Categorical({.logits = logits}).mask(d.mask), {.obs = d.y});
}

void guide(const Data&) {}

class Case {
 public:
  explicit Case(int kept) : data_(kept) {
    param_store().clear();
    bench::append(u_, data_.init);
  }

  double ember() { return static_cast<double>(svi_.step(data_)); }
  double two_threads() {
    return bench::on_two_threads([&] { return ember(); });
  }
  double hand() {
    const double log_prob = bench::categorical_by_hand<kC>(u_.data(), data_.y.data().data(),
                                                           data_.mask, by_log_prob_.data());
    adam_.begin();
    adam_.descend(u_, by_log_prob_, 0, u_.size(), -1);
    return -log_prob;
  }

  void check() {
    std::vector<double> losses, by_hand, parameters;
    for (int i = 0; i < 3; ++i) losses.push_back(ember());
    for (int i = 0; i < 3; ++i) by_hand.push_back(hand());
    bench::expect_agreement("6.categorical_step, losses", losses, by_hand);
    bench::append(parameters, param_store().get("logits"));
    bench::expect_agreement("6.categorical_step, parameters", parameters, u_);
  }

 private:
  Data data_;
  infer::SVI<decltype(&model), decltype(&guide)> svi_{
      &model, &guide, infer::Adam({.lr = bench::AdamByHand::kLearningRate})};
  std::vector<double> u_, by_log_prob_ = std::vector<double>(kB * kE * kC);
  bench::AdamByHand adam_{kB * kE * kC};
};

const bool kAdded = [] {
  for (const int kept : bench::kKept) {
    bench::add_row<Case>("6.categorical_step", {{"kept", kept}}, static_cast<double>(kB * kE * kC),
                         {{"ember", &Case::ember}, {"hand", &Case::hand}},
                         [=] { return std::make_unique<Case>(kept); });
  }
  bench::add_row<Case>("11.categorical_step", {{"kept", 100}}, 1,
                       {{"ember", &Case::two_threads}, {"hand_one_thread", &Case::ember}},
                       [] { return std::make_unique<Case>(100); });
  return true;
}();

}  // namespace
