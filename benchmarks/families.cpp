// The throughput of every family's density kernel: log density and gradients by all that it can be
// differentiated by, 16384 elements, all of them kept, with parameters for each element and with
// uniform ones. One that stopped vectorising takes several times as long as its neighbours. What
// there is comes from the list of families.
#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/family.hpp>

#include "common/masks.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kN = 16'384, kEventSize = 10;

// Random numbers that the constraint allows: for each element, or for all of them.
Tensor parameter(const dist::ParameterInfo& info, bool is_uniform) {
  Shape shape = is_uniform ? Shape{} : Shape{kN};
  for (std::size_t i = 0; i < info.event_dim; ++i) shape.push_back(kEventSize);
  const Tensor x = dist::Normal(0, 0.5).expand(shape).sample();
  if (Constraint(info.kind).is_discrete()) return 10 + floor(x);
  const std::string kind = Constraint(info.kind).name();
  const bool is_bounded = kind == "greater_than" || kind == "greater_than_eq";
  return is_bounded ? 4 + exp(x) : transform_to(info.kind)(x);
}

class Case {
 public:
  Case(const dist::FamilyInfo& info, const std::vector<bool>& given, bool is_uniform)
      : info_(info) {
    for (std::size_t k = 0; k < given.size(); ++k) {
      values_.push_back(given[k] ? parameter(info.parameters[k], is_uniform) : Tensor());
    }
    const auto d = info.make(values_);
    const Constraint support = d.support();
    inputs_.push_back(d.expand({kN}).sample());
    if (support.kind() == Constraint::Kind::simplex) inputs_[0] = (inputs_[0] + 0.1) / 2;
    if (!support.is_discrete()) places_.push_back(kValue);
    for (std::size_t k = 0; k < given.size(); ++k) {
      if (given[k] && !Constraint(info.parameters[k].kind).is_discrete()) places_.push_back(k);
    }
    y_ = inputs_[0];
    inputs_.clear();
    for (const std::size_t k : places_) inputs_.push_back(k == kValue ? y_ : values_[k]);
  }

  double ember() {
    return static_cast<double>(bench::value_and_adjoints(inputs_, leaves_, [&](const auto& in) {
      for (std::size_t i = 0; i < places_.size(); ++i) {
        (places_[i] == kValue ? y_ : values_[places_[i]]) = in[i];
      }
      const Tensor result = info_.make(values_).log_prob_sum(y_);
      for (std::size_t i = 0; i < places_.size(); ++i) {
        (places_[i] == kValue ? y_ : values_[places_[i]]) = inputs_[i];
      }
      return result;
    }));
  }

  void check() {}

 private:
  static constexpr std::size_t kValue = static_cast<std::size_t>(-1);

  const dist::FamilyInfo& info_;
  std::vector<Tensor> values_;       // the parameters, undefined where they are not given
  std::vector<std::size_t> places_;  // what is differentiated by
  Tensor y_;
  std::vector<Tensor> inputs_, leaves_;
};

// One row for each parameterisation.
void add(const dist::FamilyInfo& info) {
  std::vector<std::size_t> alternatives;
  for (std::size_t k = 0; k < info.parameters.size(); ++k) {
    if (info.parameters[k].is_alternative) alternatives.push_back(k);
  }
  for (std::size_t form = 0; form < std::max<std::size_t>(alternatives.size(), 1); ++form) {
    std::string name = std::string("families.") + info.name;
    std::vector<bool> given;
    for (std::size_t k = 0; k < info.parameters.size(); ++k) {
      const dist::ParameterInfo& p = info.parameters[k];
      given.push_back(!p.is_alternative || k == alternatives[form]);
      if (given.back()) name += std::string(".") + p.name;
    }
    for (const bool is_uniform : {false, true}) {
      bench::add_row<Case>(
          name, {{"n", kN}, {"uniform", is_uniform ? 1 : 0}}, kN, {{"ember", &Case::ember}},
          [&info, given, is_uniform] { return std::make_unique<Case>(info, given, is_uniform); });
    }
  }
}

const bool kAdded = [] {
  for (const dist::FamilyInfo* info : dist::all_families()) {
    const bool has_kernel = info != &dist::Delta::kInfo && info != &dist::Unit::kInfo;
    if (has_kernel) add(*info);
  }
  return true;
}();

}  // namespace
