// What many tests ask: which error, which bits.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <ember/core/error.hpp>
#include <ember/core/tensor.hpp>

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

inline bool same_bits(const ember::Tensor& a, const ember::Tensor& b) {
  if (!(a.shape() == b.shape())) return false;
  const std::size_t n = a.data().size_bytes();
  return n == 0 || std::memcmp(a.data().data(), b.data().data(), n) == 0;
}
