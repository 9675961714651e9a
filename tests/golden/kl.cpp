// Kind "kl": the divergence of two distributions and its gradients.
#include <ember/distributions/kl.hpp>

#include "side.hpp"

namespace golden {

using namespace ember;
namespace dist = ember::distributions;

void check_kl(const json& test, const Tolerance& tolerance, const std::string&) {
  const Side p(test["p"]), q(test["q"]);
  const json& expect = test["expect"];
  compare("kl", dist::kl_divergence(p.make(p.values), q.make(q.values)), expect["kl"], tolerance);
  if (!expect.contains("grad")) return;
  const json none = json::object();
  const json& grad = expect["grad"];
  const Differentiated by_p(p, grad.contains("p") ? grad["p"] : none);
  const Differentiated by_q(q, grad.contains("q") ? grad["q"] : none);
  const std::size_t n = by_p.inputs.size();
  std::vector<Tensor> inputs = by_p.inputs;
  inputs.insert(inputs.end(), by_q.inputs.begin(), by_q.inputs.end());
  const auto total = [&](std::span<const Tensor> in) {
    return sum(dist::kl_divergence(p.make(by_p.replace(in.first(n))),
                                   q.make(by_q.replace(in.subspan(n)))));
  };
  const auto [value, grads] = value_and_grad(total, inputs);
  by_p.compare(std::span(grads).first(n), "p.", tolerance);
  by_q.compare(std::span(grads).subspan(n), "q.", tolerance);
}

}  // namespace golden
