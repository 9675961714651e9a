// Inputs of the reductions, of softmax and its kin and of running sums: every axis, several at
// once, kept or not.
#pragma once

#include <cmath>
#include <numeric>

#include <ember/core/op.hpp>

#include "inputs_elementwise.hpp"

namespace ember::testing {

using Reduction = std::function<Tensor(const Tensor&, const Axes&, bool)>;

inline Axes axes_of(const std::vector<Index>& axes) {
  if (axes.empty()) return {};
  if (axes.size() == 1) return Axes(axes[0]);
  return Axes({axes[0], axes[1]});
}

// `empty_too`: whether the reduction of no numbers is a number.
template <class G>
std::vector<Case> reduction_cases(const Reduction& f, bool empty_too, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 300;
  const auto add = [&](const Shape& shape, const std::vector<Index>& axes, bool keepdim) {
    const Reduced reduced = reduced_shapes(shape, axes);
    if (!empty_too && shape.numel() == 0 && reduced.gone.numel() > 0) return;
    const Tensor x = numbers(shape, -2, 2, ++seed);
    Numbers expected;
    for (const Numbers& group : groups(x, reduced.kept)) expected.push_back(reference(group));
    std::string name = describe("", {x}) + " axes";
    for (Index axis : axes) name.append(" ").append(std::to_string(axis));
    cases.push_back({name + (keepdim ? " kept" : ""),
                     {x},
                     [=](std::span<const Tensor> in) { return f(in[0], axes_of(axes), keepdim); },
                     keepdim ? reduced.kept : reduced.gone,
                     std::move(expected)});
  };
  for (const Shape& shape : shapes()) {
    for (bool keepdim : {false, true}) {
      add(shape, {}, keepdim);
      const auto rank = static_cast<Index>(shape.rank());
      for (Index axis = -rank; axis < rank; ++axis) add(shape, {axis}, keepdim);
      for (Index axis = 0; axis + 1 < rank; ++axis) add(shape, {axis, -1}, keepdim);
    }
  }
  return cases;
}

inline double total(const Numbers& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

inline double log_sum_exp(const Numbers& v) {
  double sum = 0;
  for (double x : v) sum += std::exp(x);
  return std::log(sum);
}

template <>
struct Inputs<detail::Op::sum> {
  static std::vector<Case> cases() { return reduction_cases(sum, true, total); }
};

template <>
struct Inputs<detail::Op::mean> {
  static std::vector<Case> cases() {
    return reduction_cases(
        mean, false, [](const Numbers& v) { return total(v) / static_cast<double>(v.size()); });
  }
};

template <>
struct Inputs<detail::Op::max> {
  static std::vector<Case> cases() {
    return reduction_cases(max, false,
                           [](const Numbers& v) { return *std::max_element(v.begin(), v.end()); });
  }
};

template <>
struct Inputs<detail::Op::min> {
  static std::vector<Case> cases() {
    return reduction_cases(min, false,
                           [](const Numbers& v) { return *std::min_element(v.begin(), v.end()); });
  }
};

template <>
struct Inputs<detail::Op::prod> {
  static std::vector<Case> cases() {
    return reduction_cases(prod, true, [](const Numbers& v) {
      return std::accumulate(v.begin(), v.end(), 1.0, std::multiplies<>());
    });
  }
};

template <>
struct Inputs<detail::Op::logsumexp> {
  static std::vector<Case> cases() { return reduction_cases(logsumexp, false, log_sum_exp); }
};

// Operators that give a tensor of x's shape: a row of numbers makes a row of as many.
template <class G>
std::vector<Case> row_cases(const std::function<Tensor(const Tensor&, Index)>& f, G reference) {
  std::vector<Case> cases;
  std::uint64_t seed = 400;
  for (const Shape& shape : shapes()) {
    const auto rank = static_cast<Index>(shape.rank());
    for (Index axis = -rank; axis < rank; ++axis) {
      const Tensor x = numbers(shape, -2, 2, ++seed);
      const auto a = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
      Numbers expected = over(shape, [&](const Position& p) {
        Numbers row;
        Position q = p;
        for (q[a] = 0; q[a] < shape[a]; ++q[a]) row.push_back(at(x, q));
        return reference(row, static_cast<std::size_t>(p[a]));
      });
      cases.push_back({describe("", {x}) + " axis " + std::to_string(axis),
                       {x},
                       [=](std::span<const Tensor> in) { return f(in[0], axis); },
                       shape,
                       std::move(expected)});
    }
  }
  return cases;
}

template <>
struct Inputs<detail::Op::softmax> {
  static std::vector<Case> cases() {
    return row_cases(softmax, [](const Numbers& row, std::size_t i) {
      return std::exp(row[i] - log_sum_exp(row));
    });
  }
};

template <>
struct Inputs<detail::Op::log_softmax> {
  static std::vector<Case> cases() {
    return row_cases(log_softmax,
                     [](const Numbers& row, std::size_t i) { return row[i] - log_sum_exp(row); });
  }
};

template <>
struct Inputs<detail::Op::cumsum> {
  static std::vector<Case> cases() {
    return row_cases(cumsum, [](const Numbers& row, std::size_t i) {
      return std::accumulate(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(i) + 1, 0.0);
    });
  }
};

}  // namespace ember::testing
