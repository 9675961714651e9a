#include "side.hpp"

#include <algorithm>
#include <cmath>

namespace golden {

using namespace ember;
namespace dist = ember::distributions;

namespace {

const dist::FamilyInfo* family(const std::string& name) {
  const dist::FamilyInfo* info = dist::find_family(name);
  if (info == nullptr) throw Skip{name};
  return info;
}

// Constants that golden files keep in "config" count as parameters too.
std::vector<Tensor> parameters(const json& test, const dist::FamilyInfo& info) {
  std::vector<Tensor> values(info.parameters.size());
  std::size_t used = 0;
  const json config = test.value("config", json::object());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char* name = info.parameters[i].name;
    if (test["params"].contains(name)) {
      values[i] = tensor(test["params"][name]);
      ++used;
    } else if (config.contains(name)) {
      values[i] = Tensor(config[name].get<double>());
      ++used;
    }
  }
  if (used != test["params"].size() + config.size()) {
    throw Skip{std::string(info.name) + " with these parameters"};
  }
  return values;
}

dist::Distribution wrapped(dist::Distribution d, const json& wrap) {
  for (const json& op : wrap) {
    const auto name = op["op"].get<std::string>();
    if (name == "expand") {
      Shape shape;
      for (const json& size : op["shape"]) shape.push_back(size.get<Index>());
      d = d.expand(shape);
    } else if (name == "mask") {
      d = d.mask(mask(op["mask"]));
    } else if (name == "to_event") {
      d = d.to_event(op["n"].get<Index>());
    } else {
      throw Skip{"wrapper " + name};
    }
  }
  return d;
}

}  // namespace

Side::Side(const json& written)
    : test(written),
      info(family(written["distribution"].get<std::string>())),
      values(parameters(written, *info)) {}

dist::Distribution Side::make(std::span<const Tensor> parameters) const {
  return wrapped(info->make(parameters), test["wrap"]);
}

std::size_t Side::place(const std::string& parameter) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (parameter == info->parameters[i].name) return i;
  }
  throw Mismatch("no parameter " + parameter);
}

Tolerance for_gradient(const Tolerance& tolerance, const Tensor& t) {
  double largest = 1;
  for (Real v : t.data()) {
    if (std::isfinite(v)) largest = std::max(largest, std::abs(static_cast<double>(v)));
  }
  return {tolerance.rtol, tolerance.is_conditioned, tolerance.scale / largest};
}

Differentiated::Differentiated(const Side& of, const json& gradients)
    : side(of), expected(gradients) {
  for (const auto& item : expected.items()) {
    if (item.key() == "value") continue;
    names.push_back(item.key());
    inputs.push_back(side.values[side.place(item.key())]);
  }
}

std::vector<Tensor> Differentiated::replace(std::span<const Tensor> in) const {
  std::vector<Tensor> result = side.values;
  for (std::size_t k = 0; k < names.size(); ++k) result[side.place(names[k])] = in[k];
  return result;
}

void Differentiated::compare(std::span<const Tensor> grads, const std::string& what,
                             const Tolerance& tolerance) const {
  const json forms = side.test.value("grad_form", json::object());
  for (std::size_t k = 0; k < names.size(); ++k) {
    golden::compare("grad " + what + names[k], in_form(grads[k], forms.value(names[k], "")),
                    expected[names[k]], for_gradient(tolerance, inputs[k]));
  }
}

}  // namespace golden
