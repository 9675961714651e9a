// Kind "distribution": a family, its wrappers, its densities, gradients and moments.
#include <ember/distributions/family.hpp>

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

void check_gradients(const json& test, const dist::FamilyInfo& info,
                     const std::vector<Tensor>& values, const Tensor& value, double rtol) {
  const json& expected = test["expect"]["grad"];
  std::vector<Tensor> inputs;
  std::vector<std::string> names;
  for (const auto& item : expected.items()) {
    names.push_back(item.key());
    if (item.key() == "value") {
      inputs.push_back(value);
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (item.key() == info.parameters[i].name) inputs.push_back(values[i]);
      }
    }
    if (inputs.size() != names.size()) throw Mismatch("no parameter " + item.key());
  }
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
    compare("grad " + names[k], in_form(grads[k], forms.value(names[k], "")), expected[names[k]],
            rtol);
  }
}

}  // namespace

void check_distribution(const json& test, double rtol, const std::string&) {
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
  if (expect.contains("log_prob")) {
    compare("log_prob", d.log_prob(value), expect["log_prob"], rtol);
    double total = 0;
    for (const json& v : expect["log_prob"]["data"]) total += number(v);
    compare("log_prob_sum", d.log_prob_sum(value).item(), total, rtol);
  }
  if (expect.contains("mean")) compare("mean", d.mean(), expect["mean"], rtol);
  if (expect.contains("variance")) compare("variance", d.variance(), expect["variance"], rtol);
  if (expect.contains("entropy")) compare("entropy", d.entropy(), expect["entropy"], rtol);
  if (expect.contains("grad")) check_gradients(test, *info, values, value, rtol);
}

}  // namespace golden
