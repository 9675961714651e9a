// A distribution as a case writes it: a family, its parameters, its wrappers.
#pragma once

#include <ember/distributions/family.hpp>

#include "report.hpp"

namespace golden {

struct Side {
  explicit Side(const json& test);

  /// The distribution of these parameters.
  ember::distributions::Distribution make(std::span<const ember::Tensor> parameters) const;
  /// The place of a parameter in the family's declaration; a Mismatch where there is none.
  std::size_t place(const std::string& parameter) const;

  const json& test;
  const ember::distributions::FamilyInfo* info;
  std::vector<ember::Tensor> values;  // in the order of the family's declaration
};

/// How near a gradient by t has to come: its errors are those of a density, divided by |t|.
Tolerance for_gradient(const Tolerance& tolerance, const ember::Tensor& t);

/// A side's inputs to a gradient: those that `expected` names, but "value".
struct Differentiated {
  Differentiated(const Side& side, const json& expected);
  /// The side's parameters with these in place of the named ones.
  std::vector<ember::Tensor> replace(std::span<const ember::Tensor> in) const;
  /// Compares gradients in the same order with the expected ones.
  void compare(std::span<const ember::Tensor> grads, const std::string& what,
               const Tolerance& tolerance) const;

  const Side& side;
  const json& expected;
  std::vector<std::string> names;
  std::vector<ember::Tensor> inputs;
};

}  // namespace golden
