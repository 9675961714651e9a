// What many tests do and ask: a fresh start, which error, which bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <numbers>
#include <string>
#include <vector>

#include <ember/core/error.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tensor.hpp>
#include <ember/handlers/param_store.hpp>

#include "catch.hpp"

/// An empty parameter store, and draws from this seed on.
inline void begin(std::uint64_t seed) {
  ember::param_store().clear();
  ember::set_rng_seed(seed);
}

/// The message of the Error that f throws; "no error" where it throws none.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const ember::Error& error) {
    return error.what();
  }
  return "no error";
}

/// The inputs, number i of input k moved.
inline std::vector<ember::Tensor> moved(std::vector<ember::Tensor> inputs, std::size_t k,
                                        std::size_t i, ember::Real by) {
  const auto old = inputs[k].data();
  std::vector<ember::Real> values(old.begin(), old.end());
  values[i] += by;
  inputs[k] = ember::tensor(values, inputs[k].shape());
  return inputs;
}

inline bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

/// Expects an Error whose text has all the parts.
template <class F>
void check_error(F&& f, std::initializer_list<const char*> parts) {
  const std::string text = error_of(f);
  INFO(text);
  for (const char* part : parts) CHECK(has(text, part));
}

/// The log density of a normal distribution, written out.
inline ember::Real normal_lp(ember::Real x, ember::Real loc, ember::Real scale) {
  const ember::Real z = (x - loc) / scale;
  return -z * z / 2 - std::log(scale) - std::log(2 * std::numbers::pi_v<ember::Real>) / 2;
}

inline bool same_bits(const ember::Tensor& a, const ember::Tensor& b) {
  if (!(a.shape() == b.shape())) return false;
  const std::size_t n = a.data().size_bytes();
  return n == 0 || std::memcmp(a.data().data(), b.data().data(), n) == 0;
}
