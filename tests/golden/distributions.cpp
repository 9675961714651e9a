// Kind "distribution": a family, its wrappers, its densities, gradients and moments.
#include <algorithm>
#include <cmath>

#include "side.hpp"

namespace golden {

using namespace ember;
namespace dist = ember::distributions;

namespace {

// The largest |t d log p / dt|, over the elements of value and parameters: see report.hpp.
double conditioning(const Side& side, const Tensor& value) {
  double largest = 1;
  for (const auto& item : side.test["expect"]["grad"].items()) {
    const Tensor& t = item.key() == "value" ? value : side.values[side.place(item.key())];
    for (std::size_t i = 0; i < t.data().size(); ++i) {
      const double term =
          std::abs(static_cast<double>(t.data()[i]) * number(item.value()["data"][i]));
      if (std::isfinite(term)) largest = std::max(largest, term);
    }
  }
  return largest;
}

void check_gradients(const Side& side, const Tensor& value, const Tolerance& tolerance) {
  const json& expected = side.test["expect"]["grad"];
  const Differentiated parameters(side, expected);
  const std::size_t n = parameters.inputs.size();
  std::vector<Tensor> inputs = parameters.inputs;
  if (expected.contains("value")) inputs.push_back(value);
  const auto log_prob = [&](std::span<const Tensor> in) {
    const Tensor& x = in.size() > n ? in[n] : value;
    return sum(side.make(parameters.replace(in.first(n))).log_prob(x));
  };
  const auto [total, grads] = value_and_grad(log_prob, inputs);
  parameters.compare(std::span(grads).first(n), "", tolerance);
  if (!expected.contains("value")) return;
  const json forms = side.test.value("grad_form", json::object());
  compare("grad value", in_form(grads[n], forms.value("value", "")), expected["value"],
          for_gradient(tolerance, value));
}

}  // namespace

void check_distribution(const json& test, const Tolerance& tolerance, const std::string&) {
  const Side side(test);
  if (sizeof(Real) == 4 && test["id"].get<std::string>().find("-edge-") != std::string::npos) {
    throw Skip{"category edge in single precision"};
  }
  const dist::Distribution d = side.make(side.values);
  const json& expect = test["expect"];
  const Tensor value = tensor(test["value"]);
  compare("batch_shape", d.batch_shape(), expect["batch_shape"]);
  compare("event_shape", d.event_shape(), expect["event_shape"]);
  Tolerance measured = tolerance, of_entropy = tolerance;
  if (tolerance.is_conditioned) {
    if (expect.contains("grad")) measured.scale = conditioning(side, value);
    of_entropy.scale = 1;
  }
  if (expect.contains("log_prob")) {
    compare("log_prob", d.log_prob(value), expect["log_prob"], measured);
    double total = 0;
    for (const json& v : expect["log_prob"]["data"]) total += number(v);
    compare("log_prob_sum", d.log_prob_sum(value).item(), total, measured);
  }
  if (expect.contains("mean")) compare("mean", d.mean(), expect["mean"], tolerance);
  if (expect.contains("variance")) compare("variance", d.variance(), expect["variance"], tolerance);
  if (expect.contains("entropy")) compare("entropy", d.entropy(), expect["entropy"], of_entropy);
  if (expect.contains("grad")) check_gradients(side, value, measured);
}

}  // namespace golden
