// Kind "distribution": a family, its wrappers, its densities, gradients and moments.
#include <ember/distributions/family.hpp>

#include <algorithm>
#include <cmath>

#include "report.hpp"

namespace golden {

using namespace ember;
namespace dist = ember::distributions;

namespace {

// The parameters of a case in the order of the family's declaration; constants that golden files
// keep in "config" count as parameters too.
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

// The largest |t d log p / dt|, over the elements of value and parameters: see report.hpp.
double conditioning(const std::vector<Tensor>& inputs, const json& expected,
                    const std::vector<std::string>& names) {
  double largest = 1;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (std::size_t i = 0; i < inputs[k].data().size(); ++i) {
      const double term = std::abs(static_cast<double>(inputs[k].data()[i]) *
                                   number(expected[names[k]]["data"][i]));
      if (std::isfinite(term)) largest = std::max(largest, term);
    }
  }
  return largest;
}

// The parts of a case that are differentiated, by their names in "grad".
struct Differentiated {
  std::vector<Tensor> inputs;
  std::vector<std::string> names;
};

Differentiated differentiated(const json& test, const dist::FamilyInfo& info,
                              const std::vector<Tensor>& values, const Tensor& value) {
  Differentiated result;
  for (const auto& item : test["expect"]["grad"].items()) {
    result.names.push_back(item.key());
    if (item.key() == "value") result.inputs.push_back(value);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (item.key() == info.parameters[i].name) result.inputs.push_back(values[i]);
    }
    if (result.inputs.size() != result.names.size()) {
      throw Mismatch("no parameter " + item.key());
    }
  }
  return result;
}

void check_gradients(const json& test, const dist::FamilyInfo& info,
                     const std::vector<Tensor>& values, const Tensor& value,
                     const Differentiated& by, const Tolerance& tolerance) {
  const json& expected = test["expect"]["grad"];
  const auto& [inputs, names] = by;
  const auto log_prob = [&](std::span<const Tensor> in) {
    std::vector<Tensor> at = values;
    Tensor x = value;
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (names[k] == "value") x = in[k];
      for (std::size_t i = 0; i < at.size(); ++i) {
        if (names[k] == info.parameters[i].name) at[i] = in[k];
      }
    }
    return sum(wrapped(info.make(at), test["wrap"]).log_prob(x));
  };
  const auto [total, grads] = value_and_grad(log_prob, inputs);
  const json forms = test.value("grad_form", json::object());
  for (std::size_t k = 0; k < names.size(); ++k) {
    double largest = 1;
    for (Real t : inputs[k].data()) {
      if (std::isfinite(t)) largest = std::max(largest, std::abs(static_cast<double>(t)));
    }
    const Tolerance own{tolerance.rtol, tolerance.is_conditioned, tolerance.scale / largest};
    compare("grad " + names[k], in_form(grads[k], forms.value(names[k], "")), expected[names[k]],
            own);
  }
}

}  // namespace

void check_distribution(const json& test, const Tolerance& tolerance, const std::string&) {
  const auto name = test["distribution"].get<std::string>();
  const dist::FamilyInfo* info = dist::find_family(name);
  if (info == nullptr) throw Skip{name};
  if (sizeof(Real) == 4 && test["id"].get<std::string>().find("-edge-") != std::string::npos) {
    throw Skip{"category edge in single precision"};
  }
  const std::vector<Tensor> values = parameters(test, *info);
  const dist::Distribution d = wrapped(info->make(values), test["wrap"]);
  const json& expect = test["expect"];
  const Tensor value = tensor(test["value"]);
  compare("batch_shape", d.batch_shape(), expect["batch_shape"]);
  compare("event_shape", d.event_shape(), expect["event_shape"]);
  Differentiated by;
  if (expect.contains("grad")) by = differentiated(test, *info, values, value);
  Tolerance measured = tolerance;
  if (tolerance.is_conditioned && expect.contains("grad")) {
    measured.scale = conditioning(by.inputs, expect["grad"], by.names);
  }
  Tolerance of_entropy = tolerance;
  if (tolerance.is_conditioned) of_entropy.scale = 1;
  if (expect.contains("log_prob")) {
    compare("log_prob", d.log_prob(value), expect["log_prob"], measured);
    double total = 0;
    for (const json& v : expect["log_prob"]["data"]) total += number(v);
    compare("log_prob_sum", d.log_prob_sum(value).item(), total, measured);
  }
  if (expect.contains("mean")) compare("mean", d.mean(), expect["mean"], tolerance);
  if (expect.contains("variance")) compare("variance", d.variance(), expect["variance"], tolerance);
  if (expect.contains("entropy")) compare("entropy", d.entropy(), expect["entropy"], of_entropy);
  if (expect.contains("grad")) check_gradients(test, *info, values, value, by, measured);
}

}  // namespace golden
