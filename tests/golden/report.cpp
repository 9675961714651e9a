#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace golden {

using namespace ember;

namespace {

bool agree(double got, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected)) return std::isnan(got);
  if (std::isinf(expected)) return got == expected;
  if (sizeof(Real) == 4) {
    return std::abs(got - expected) <= 1e-3 * std::max(1.0, std::abs(expected));
  }
  const double scale = std::max(std::abs(expected), tolerance.scale);
  return std::abs(got - expected) <= tolerance.rtol * scale + 0.001 * tolerance.rtol;
}

[[noreturn]] void mismatch(const std::string& what, double got, double expected) {
  std::ostringstream text;
  text.precision(17);
  text << what << ": got " << got << ", expected " << expected;
  throw Mismatch(text.str());
}

}  // namespace

double number(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "NaN") return std::nan("");
  if (text == "Infinity") return INFINITY;
  if (text == "-Infinity") return -INFINITY;
  throw Mismatch("'" + text + "' is no number");
}

Shape shape(const json& value) {
  Shape result;
  for (const json& size : value) result.push_back(size.get<Index>());
  return result;
}

Tensor tensor(const json& value) {
  std::vector<Real> data;
  for (const json& v : value["data"]) data.push_back(static_cast<Real>(number(v)));
  return tensor_of(std::move(data), shape(value["shape"]));
}

Mask mask(const json& value) {
  if (value.is_boolean()) return Mask(value.get<bool>());
  std::vector<bool> data;
  for (const json& v : value["data"]) data.push_back(v.get<bool>());
  return mask_of(data, shape(value["shape"]));
}

void compare(const std::string& what, Real got, double expected, const Tolerance& tolerance) {
  if (!agree(static_cast<double>(got), expected, tolerance)) {
    mismatch(what, static_cast<double>(got), expected);
  }
}

void compare(const std::string& what, const Shape& got, const json& expected) {
  if (!(got == shape(expected))) {
    throw Mismatch(what + ": got " + to_string(got) + ", expected " + to_string(shape(expected)));
  }
}

void compare(const std::string& what, const Tensor& got, const json& expected,
             const Tolerance& tolerance) {
  compare(what + " shape", got.shape(), expected["shape"]);
  for (std::size_t i = 0; i < got.data().size(); ++i) {
    const double e = number(expected["data"][i]);
    const auto g = static_cast<double>(got.data()[i]);
    if (!agree(g, e, tolerance)) mismatch(what + "[" + std::to_string(i) + "]", g, e);
  }
}

Tensor in_form(const Tensor& gradient, const std::string& form) {
  if (form.empty()) return gradient;
  if (form == "simplex") return gradient - mean(gradient, -1, true);
  if (form == "lower") return tril(gradient);
  if (form == "symmetric") return (gradient + transpose(gradient)) / 2;
  throw Skip{"gradient form " + form};
}

}  // namespace golden
