// A row that is a whole step of SVI (AutoNormal, Adam, TraceELBO, validation on), beside the same
// step by hand. Before anything is timed both take the same draws: the losses, the gradients, and
// the parameters after three steps must agree.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/ember.hpp>

#include "common/adam_by_hand.hpp"
#include "common/agreement.hpp"
#include "common/masks.hpp"
#include "common/row.hpp"

namespace bench {

/// An optimiser that leaves the gradient in the place of each parameter.
class GradientTaker final : public ember::inference::Optimizer {
 public:
  GradientTaker() : Optimizer({"GradientTaker", 1, {}, {}, {}, 0, true}) {}
  const char* name() const override { return "GradientTaker"; }

 private:
  void update(std::span<const Elements> parts, ember::Index, double) const override {
    for (const Elements& at : parts) {
      std::transform(at.g, at.g + at.n, at.u, [](ember::Real x) { return -x; });  // of the loss
    }
  }
};

/// The unconstrained values of parameters, one after the other.
inline std::vector<double> parameters(const std::vector<std::string>& names) {
  std::vector<double> result;
  for (const std::string& name : names) {
    append(result, ember::param_store().find(name)->unconstrained);
  }
  return result;
}

/// An AutoNormal's locations, then its log scales, of these sites.
inline std::vector<double> mean_field_parameters(const std::vector<std::string>& sites) {
  std::vector<std::string> names;
  for (const char* part : {"AutoNormal.locs.", "AutoNormal.scales."}) {
    for (const std::string& site : sites) names.push_back(part + site);
  }
  return parameters(names);
}

/// The standard normal numbers that an automatic guide will draw a site from next.
inline void append_draws(std::vector<double>& out, const std::string& site,
                         const ember::Shape& shape) {
  append(out, ember::detail::standard_normal(ember::detail::next_key(site), shape));
}

/// Hand is a MeanField made of the data, with two functions more, both in its own order of
/// coordinates: `store()`, what the parameter store holds, and `draws()`, what ember draws next.
template <auto kModel, class Data, class Hand, bool kRecordOnce>
class SviRow {
 public:
  void check() {
    guide_.set_up(data_);
    const std::vector<double> begin = hand_.store();
    compare_gradients();
    hand_.u = begin;
    ember::set_rng_seed(4);
    std::vector<double> losses, by_hand;
    for (int i = 0; i < 3; ++i) losses.push_back(ember());
    ember::set_rng_seed(4);
    for (int i = 0; i < 3; ++i) {
      hand_.eps = hand_.draws();
      by_hand.push_back(hand_.given_step());
    }
    expect_agreement("losses of three steps", losses, by_hand);
    expect_agreement("parameters after three steps", hand_.store(), hand_.u);
  }

  double ember() { return static_cast<double>(svi_.step(data_)); }
  double hand() { return hand_.step(); }

 private:
  using Guide = ember::inference::AutoNormal<decltype(kModel)>;

  // Leaves the parameters as they are.
  void compare_gradients() {
    const std::vector<double> begin = hand_.store();
    std::vector<std::pair<ember::ParamStore::Entry, ember::Tensor>> saved;
    for (const std::string& name : ember::param_store().names()) {
      const auto entry = ember::param_store().find(name);
      saved.emplace_back(entry, entry->unconstrained);
    }
    ember::set_rng_seed(3);
    ember::inference::SVI svi(kModel, guide_, GradientTaker());
    const auto loss = static_cast<double>(svi.step(data_));
    const std::vector<double> gradient = hand_.store();
    for (const auto& [entry, value] : saved) entry->unconstrained = value;

    ember::set_rng_seed(3);
    hand_.u = begin;
    hand_.eps = hand_.draws();
    const double by_hand = hand_.loss_and_gradient();
    expect_agreement("loss", {&loss, 1}, {&by_hand, 1});
    expect_agreement("gradient", gradient, hand_.g);
  }

  static Data make_data() {
    ember::param_store().clear();
    ember::set_rng_seed(1);
    return Data();
  }

  Data data_ = make_data();
  Guide guide_{kModel};
  ember::inference::SVI<decltype(kModel), Guide> svi_{
      kModel, guide_, ember::inference::Adam({.lr = AdamByHand::kLearningRate}),
      ember::inference::TraceELBO({.record_once = kRecordOnce})};
  Hand hand_{data_};
};

template <auto kModel, class Data, class Hand, bool kRecordOnce = false>
bool add_svi_row(const std::string& row) {
  using Row = SviRow<kModel, Data, Hand, kRecordOnce>;
  add_row<Row>(row, {}, 1, {{"ember", &Row::ember}, {"hand", &Row::hand}},
               [] { return std::make_unique<Row>(); });
  return true;
}

}  // namespace bench
