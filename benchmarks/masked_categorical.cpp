// Row 5: masked categorical density, logits (4096, 64, 10), and its gradient by the logits, beside
// a hand-written blocked loop over the kept rows.
#include "common/agreement.hpp"
#include "common/categorical_by_hand.hpp"
#include "common/masks.hpp"
#include "common/on_two_threads.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kB = 4096, kE = 64, kC = 10;

struct Data {
  Tensor logits = dist::Normal(0, 1).expand({kB, kE, kC}).sample();
  Tensor y = dist::Categorical({.logits = logits}).sample();

  /// Made once for all masks.
  static const Data& all() {
    static const Data data;
    return data;
  }
};

class Case {
 public:
  explicit Case(int kept) : mask_(bench::random_mask({kB, kE}, kept)) {}

  double ember() { return static_cast<double>(record(nullptr)); }
  double two_threads() {
    return bench::on_two_threads([&] { return ember(); });
  }
  double blocked() {
    return bench::categorical_by_hand<kC>(data_.logits.data().data(), data_.y.data().data(), mask_,
                                          gradient_.data());
  }

  void check() {
    std::vector<double> adjoints;
    const auto value = static_cast<double>(record(&adjoints));
    const double by_hand = blocked();
    bench::expect_agreement("5.categorical", {&value, 1}, {&by_hand, 1});
    bench::expect_agreement("5.categorical, gradient", adjoints, gradient_);
  }

 private:
  Real record(std::vector<double>* adjoints) {
    return bench::value_and_adjoints(
        inputs_, leaves_,
        [&](const auto& in) {
          return dist::Categorical({.logits = in[0]}).log_prob_sum(data_.y, mask_);
        },
        adjoints);
  }

  const Data& data_ = Data::all();
  Mask mask_;
  std::vector<double> gradient_ = std::vector<double>(kB * kE * kC);
  std::vector<Tensor> inputs_{data_.logits}, leaves_;
};

const bool kAdded = [] {
  for (const int kept : bench::kKept) {
    bench::add_row<Case>("5.categorical", {{"kept", kept}},
                         std::round(static_cast<double>(kB * kE) * kept / 100),
                         {{"ember", &Case::ember}, {"hand_blocked", &Case::blocked}},
                         [=] { return std::make_unique<Case>(kept); });
  }
  for (const int kept : {100, 10}) {
    bench::add_row<Case>("11.categorical", {{"kept", kept}}, 1,
                         {{"ember", &Case::two_threads}, {"hand_one_thread", &Case::ember}},
                         [=] { return std::make_unique<Case>(kept); });
  }
  return true;
}();

}  // namespace
