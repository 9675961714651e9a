// Row 2: one operator on a scalar, and on 8 elements, forward and backward. A recording makes a
// chain of many, so that its own cost is nothing beside theirs.
#include <cmath>

#include "common/agreement.hpp"
#include "common/masks.hpp"
#include "common/row.hpp"

using namespace ember;

namespace {

constexpr int kChain = 256;

struct Add {
  static constexpr const char* kName = "2.add";
  static Tensor apply(const Tensor& x, const Tensor& y) { return x + y; }
  static double by_hand(double x, double y) { return x + y; }
};

struct Multiply {
  static constexpr const char* kName = "2.multiply";
  static Tensor apply(const Tensor& x, const Tensor& y) { return x * y; }
  static double by_hand(double x, double y) { return x * y; }
};

struct Tanh {
  static constexpr const char* kName = "2.tanh";
  static Tensor apply(const Tensor& x, const Tensor&) { return tanh(x); }
  static double by_hand(double x, double) { return std::tanh(x); }
};

template <class Operator>
class Case {
 public:
  explicit Case(Index n) {
    const Shape shape = n == 1 ? Shape{} : Shape{n};
    inputs_ = {full(shape, 1.01), full(shape, 0.999)};
  }

  double ember() {
    return static_cast<double>(bench::value_and_adjoints(inputs_, leaves_, [](const auto& in) {
      Tensor x = in[0];
      for (int i = 0; i < kChain; ++i) x = Operator::apply(x, in[1]);
      return x.numel() == 1 ? x : sum(x);
    }));
  }

  void check() {
    double x = 1.01;
    for (int i = 0; i < kChain; ++i) x = Operator::by_hand(x, 0.999);
    const double by_hand = x * static_cast<double>(inputs_[0].numel());
    const double value = ember();
    bench::expect_agreement(Operator::kName, {&value, 1}, {&by_hand, 1});
  }

 private:
  std::vector<Tensor> inputs_, leaves_;
};

template <class Operator>
void add() {
  using C = Case<Operator>;
  for (const Index n : {1, 8}) {
    bench::add_row<C>(Operator::kName, {{"n", n}}, kChain, {{"ember", &C::ember}},
                      [=] { return std::make_unique<C>(n); });
  }
}

const bool kAdded = [] {
  add<Add>();
  add<Multiply>();
  add<Tanh>();
  return true;
}();

}  // namespace
