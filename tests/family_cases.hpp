// Cases for tests of every family: parameters made from the constraints that it declares, over a
// batch of (2, 3), in each parameterisation, and a value drawn from it. A new family is among them
// by being declared.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <ember/distributions/family.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"

namespace family_cases {

using namespace ember;
namespace dist = ember::distributions;

inline const Shape kBatch{2, 3};
inline constexpr Index kEventSize = 3;

struct Case {
  const dist::FamilyInfo* info;
  std::vector<Tensor> parameters;  // in the order of their declaration, undefined ones absent
  Tensor value;

  dist::Distribution make() const { return info->make(parameters); }
  /// Whether it has a density that changes smoothly with the value.
  bool is_continuous() const {
    const Constraint support = make().support();
    return !support.is_discrete() && support.kind() != Constraint::Kind::any;
  }
  /// The places of the parameters that a density can be differentiated by.
  std::vector<std::size_t> differentiable() const {
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      const Constraint::Kind kind = info->parameters[k].kind;
      const bool is_smooth = kind != Constraint::Kind::any || make().is_factor();
      if (parameters[k].defined() && is_smooth && !Constraint(kind).is_discrete())
        places.push_back(k);
    }
    return places;
  }
};

/// Numbers that lie apart, between -1.3 and 1.3.
inline Tensor spread(const Shape& shape, Real shift) {
  std::vector<Real> values;
  for (Index i = 0; i < shape.numel(); ++i) {
    values.push_back(Real(1.3) * static_cast<Real>(std::sin(2.4 * static_cast<double>(i) +
                                                            static_cast<double>(shift))));
  }
  return tensor_of(std::move(values), shape);
}

/// A parameter that its constraint allows, whatever the others are.
inline Tensor parameter(const dist::ParameterInfo& info, Real shift) {
  if (std::string(info.name) == "event_dim") return 0;
  Shape shape = kBatch;
  for (std::size_t i = 0; i < info.event_dim; ++i) shape.push_back(kEventSize);
  const Tensor x = spread(shape, shift);
  switch (info.kind) {
    case Constraint::Kind::any:
      return x;
    case Constraint::Kind::boolean:
    case Constraint::Kind::nonnegative_integer:
    case Constraint::Kind::integer_interval:
      return 4 + to_tensor(x > 0);
    default:
      break;
  }
  const std::string kind = Constraint(info.kind).name();
  const bool is_bounded = kind == "greater_than" || kind == "greater_than_eq";
  return is_bounded ? 2 + exp(x) : transform_to(info.kind)(x);
}

inline std::vector<Case> cases() {
  std::vector<Case> result;
  for (const dist::FamilyInfo* info : dist::all_families()) {
    std::vector<std::size_t> alternatives;
    for (std::size_t k = 0; k < info->parameters.size(); ++k) {
      if (info->parameters[k].is_alternative) alternatives.push_back(k);
    }
    const std::size_t forms = std::max<std::size_t>(alternatives.size(), 1);
    for (std::size_t form = 0; form < forms; ++form) {
      Case c{info, {}, {}};
      for (std::size_t k = 0; k < info->parameters.size(); ++k) {
        const bool is_absent = info->parameters[k].is_alternative && k != alternatives[form];
        c.parameters.push_back(is_absent ? Tensor()
                                         : parameter(info->parameters[k], static_cast<Real>(k)));
      }
      set_rng_seed(40);
      c.value = c.make().sample();
      if (c.make().support().kind() == Constraint::Kind::simplex) {  // away from its edges
        c.value = (c.value + 1.0 / kEventSize) / 2;
      }
      result.push_back(std::move(c));
    }
  }
  return result;
}

/// Calls f(case) for every family and parameterisation.
inline void for_each_case(const std::function<void(const Case&)>& f) {
  for (const Case& c : cases()) {
    std::string given;
    for (std::size_t k = 0; k < c.parameters.size(); ++k) {
      if (c.parameters[k].defined()) given += std::string(" ") + c.info->parameters[k].name;
    }
    INFO(c.info->name << given);
    f(c);
  }
}

/// x with `bad` where the mask over its batch hides it.
inline Tensor spoil(const Tensor& x, const Mask& mask, Real bad) {
  if (x.numel() == 0) return x;
  return where(mask.unsqueeze_right(x.shape().rank() - mask.shape().rank()), x, bad);
}

}  // namespace family_cases
