// What the generic tests of the operators need of one: how to call it, on which inputs, and what
// should come out. Values expected are made by plain loops over positions.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <ember/core/operators.hpp>

namespace ember::testing {

using Function = std::function<Tensor(std::span<const Tensor>)>;
using MaskedFunction = std::function<Tensor(std::span<const Tensor>, const Mask&)>;
using Position = std::vector<Index>;
using Numbers = std::vector<double>;

/// One call of an operator.
struct Case {
  std::string name;
  std::vector<Tensor> inputs;
  Function f;
  Shape shape;                  // of the result
  Numbers expected;             // row-major
  MaskedFunction masked_sum{};  // where the operator has a mask of its own
};

/// Numbers between low and high, no two alike: `seed` says which.
inline Tensor numbers(const Shape& shape, double low, double high, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<Real> values(static_cast<std::size_t>(shape.numel()));
  for (Real& v : values) {
    v = static_cast<Real>(low + (high - low) * static_cast<double>(engine() >> 11U) * 0x1p-53);
  }
  return tensor(values, shape);
}

/// Calls f(position) for every position of a shape, row-major.
template <class F>
void each_position(const Shape& shape, F f) {
  Position p(shape.rank(), 0);
  for (Index n = shape.numel(); n > 0; --n) {
    f(std::as_const(p));
    for (std::size_t a = shape.rank(); a-- > 0;) {
      if (++p[a] < shape[a]) break;
      p[a] = 0;
    }
  }
}

/// f(position) of every position, row-major.
template <class F>
Numbers over(const Shape& shape, F f) {
  Numbers result;
  each_position(shape, [&](const Position& p) { result.push_back(f(p)); });
  return result;
}

/// The number at a position of a shape that x broadcasts to.
inline double at(const Tensor& x, const Position& p) {
  const std::size_t skip = p.size() - x.shape().rank();
  Index offset = 0;
  for (std::size_t a = 0; a < x.shape().rank(); ++a) {
    offset = offset * x.shape()[a] + (x.shape()[a] == 1 ? 0 : p[a + skip]);
  }
  return static_cast<double>(x.data()[static_cast<std::size_t>(offset)]);
}

/// Whether a position belongs to that of a shape which has 1 where axes were reduced.
inline bool belongs(const Position& p, const Position& reduced, const Shape& kept) {
  for (std::size_t a = 0; a < p.size(); ++a) {
    if (kept[a] != 1 && p[a] != reduced[a]) return false;
  }
  return true;
}

/// The numbers of x that are reduced into one, in order, for each number of the result.
inline std::vector<Numbers> groups(const Tensor& x, const Shape& kept) {
  std::vector<Numbers> result;
  each_position(kept, [&](const Position& reduced) {
    Numbers group;
    each_position(x.shape(), [&](const Position& p) {
      if (belongs(p, reduced, kept)) group.push_back(at(x, p));
    });
    result.push_back(std::move(group));
  });
  return result;
}

/// The result shapes of a reduction: with reduced axes kept as 1, and without them. No axes: all.
struct Reduced {
  Shape kept, gone;
};

inline Reduced reduced_shapes(const Shape& shape, const std::vector<Index>& axes) {
  Reduced result;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    const bool reduce =
        axes.empty() || std::any_of(axes.begin(), axes.end(), [&](Index axis) {
          return static_cast<std::size_t>(axis < 0 ? axis + static_cast<Index>(shape.rank())
                                                   : axis) == a;
        });
    result.kept.push_back(reduce ? 1 : shape[a]);
    if (!reduce) result.gone.push_back(shape[a]);
  }
  return result;
}

inline std::string describe(std::string_view what, const std::vector<Tensor>& inputs) {
  std::string text(what);
  for (const Tensor& x : inputs) text.append(" ").append(to_string(x.shape()));
  return text;
}

}  // namespace ember::testing
