// Kind "distribution": a family, its wrappers, its densities, gradients and moments.
#include "side.hpp"

namespace golden {

using namespace ember;
namespace dist = ember::distributions;

namespace {

void check_gradients(const Side& side, const Tensor& value, double rtol) {
  const json& expected = side.test["expect"]["grad"];
  const Differentiated parameters(side, expected);
  std::vector<Tensor> inputs = parameters.inputs;
  inputs.push_back(value);
  const std::size_t n = parameters.inputs.size();
  const auto log_prob = [&](std::span<const Tensor> in) {
    return sum(side.make(parameters.replace(in.first(n))).log_prob(in[n]));
  };
  if (!expected.contains("value")) {
    const auto at_value = [&](std::span<const Tensor> in) {
      return sum(side.make(parameters.replace(in)).log_prob(value));
    };
    if (n > 0) parameters.compare(value_and_grad(at_value, parameters.inputs).grads, "", rtol);
    return;
  }
  const auto [total, grads] = value_and_grad(log_prob, inputs);
  parameters.compare(std::span(grads).first(n), "", rtol);
  const json forms = side.test.value("grad_form", json::object());
  compare("grad value", in_form(grads[n], forms.value("value", "")), expected["value"], rtol);
}

}  // namespace

void check_distribution(const json& test, double rtol, const std::string&) {
  const Side side(test);
  if (sizeof(Real) == 4 && test["id"].get<std::string>().find("-edge-") != std::string::npos) {
    throw Skip{"category edge in single precision"};
  }
  const dist::Distribution d = side.make(side.values);
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
  if (expect.contains("grad")) check_gradients(side, value, rtol);
}

}  // namespace golden
