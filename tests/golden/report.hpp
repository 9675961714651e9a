// What golden_check counts and prints, and how it compares: |a - b| <= rtol |b| + rtol / 1000, NaN
// with NaN, an infinity with the same one. In single precision 1e-3 max(1, |b|).
//
// With --rtol R, which may be as small as rounding allows, errors of log densities are measured
// against their conditioning, since no program can do better: S, the largest of 1, |b| and, over
// the value and all parameters t, |t d log p / dt|, which says by how many units a relative change
// of t by one unit moves log p. So |a - b| <= R S for a log density, and for its gradient by t, as
// t d log p / dt is a term of S, |a - b| <= R max(|b|, S / max(1, |t|)). Entropies are means of
// log densities: R max(1, |b|). All else stays relative.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include <ember/ember.hpp>

namespace golden {

using nlohmann::json;

/// A case that ember lacks the means for: skipped, counted by `name`.
struct Skip {
  std::string name;
};

/// A case that does not come out as expected.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Report {
  int passed = 0, failed = 0;
  std::map<std::string, int> skipped;
};

struct Options {
  double rtol = 0;  // in place of the cases' own where it is not 0
};

struct Tolerance {
  double rtol;
  bool is_conditioned;  // by --rtol
  double scale = 0;     // the error is relative to max(|b|, scale)
};

/// Throws Mismatch unless `got` agrees with the tensor `expected`, shape and all.
void compare(const std::string& what, const ember::Tensor& got, const json& expected,
             const Tolerance& tolerance);
void compare(const std::string& what, ember::Real got, double expected, const Tolerance& tolerance);
void compare(const std::string& what, const ember::Shape& got, const json& expected);
double number(const json& value);

ember::Tensor tensor(const json& value);
ember::Mask mask(const json& value);

/// A gradient brought to the form that the case names: see the README of the golden files.
ember::Tensor in_form(const ember::Tensor& gradient, const std::string& form);

using Check = void (*)(const json& test, const Tolerance& tolerance, const std::string& folder);
void check_distribution(const json& test, const Tolerance& tolerance, const std::string& folder);
void check_transform(const json& test, const Tolerance& tolerance, const std::string& folder);
void check_kl(const json& test, const Tolerance& tolerance, const std::string& folder);
void check_model(const json& test, const Tolerance& tolerance, const std::string& folder);

}  // namespace golden
