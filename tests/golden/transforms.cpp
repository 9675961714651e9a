// Kind "transform": values, Jacobians, vector-Jacobian products, inverses.
#include <ember/distributions/transform.hpp>

#include <cmath>

#include "report.hpp"

namespace golden {

using namespace ember;

namespace {

Constraint constraint(const json& c) {
  const std::string type = c.is_string() ? c.get<std::string>() : c["type"].get<std::string>();
  if (type == "independent") {
    return constraint(c["base"]).independent(c["n"].get<std::size_t>());
  }
  const auto kind = Constraint::kind_of(type);
  if (!kind) throw Skip{"constraint " + type};
  const auto bound = [&](const char* name) {
    return c.contains(name) ? tensor(c[name]) : Tensor();
  };
  return {*kind, bound("lower"), bound("upper")};
}

transforms::Transform transform(const json& t) {
  const auto type = t["type"].get<std::string>();
  if (type == "Exp") return transforms::exp();
  if (type == "Sigmoid") return transforms::sigmoid();
  if (type == "Tanh") return transforms::tanh();
  if (type == "Softplus") return transforms::softplus();
  if (type == "StickBreaking") return transforms::stick_breaking();
  if (type == "Softmax") return transforms::softmax();
  if (type == "LowerCholesky") return transforms::lower_cholesky();
  if (type == "Power") return transforms::power(tensor(t["exponent"]));
  if (type == "Affine") {
    return transforms::affine(tensor(t["loc"]), tensor(t["scale"]),
                              t.value("event_dim", std::size_t{0}));
  }
  if (type == "Compose") {
    std::vector<transforms::Transform> parts;
    for (const json& part : t["parts"]) parts.push_back(transform(part));
    return transforms::compose(std::move(parts));
  }
  if (type == "Inverse") return transform(t["base"]).inv();
  if (type == "Independent") {
    return transforms::independent(transform(t["base"]), t["n"].get<std::size_t>());
  }
  if (type == "biject_to") return biject_to(constraint(t["constraint"]));
  if (type == "transform_to") return transform_to(constraint(t["constraint"]));
  throw Skip{"transform " + type};
}

}  // namespace

void check_transform(const json& test, const Tolerance& tolerance, const std::string&) {
  const transforms::Transform t = transform(test["transform"]);
  const json& expect = test["expect"];
  const Tensor x = tensor(test["x"]);
  const Tensor y = t(x);
  compare("y", y, expect["y"], tolerance);
  compare("domain_event_dim", static_cast<Real>(t.domain_event_dim()),
          expect["domain_event_dim"].get<double>(), {0, false});
  compare("codomain_event_dim", static_cast<Real>(t.codomain_event_dim()),
          expect["codomain_event_dim"].get<double>(), {0, false});
  compare("forward_shape", t.forward_shape(x.shape()), expect["y"]["shape"]);
  compare("inverse_shape", t.inverse_shape(y.shape()), test["x"]["shape"]);
  if (expect.contains("log_abs_det_jacobian")) {
    compare("log_abs_det_jacobian", t.log_abs_det_jacobian(x, y), expect["log_abs_det_jacobian"],
            tolerance);
  }
  if (expect.contains("vjp")) {
    const Tensor cotangent = tensor(expect["vjp"]["cotangent"]);
    const auto f = [&](std::span<const Tensor> in) { return sum(cotangent * t(in[0])); };
    compare("vjp", value_and_grad(f, {x}).grads[0], expect["vjp"]["x"], tolerance);
  }
  if (expect.contains("log_abs_det_jacobian_grad_x")) {
    const auto f = [&](std::span<const Tensor> in) {
      return sum(t.log_abs_det_jacobian(in[0], t(in[0])));
    };
    compare("grad of log_abs_det_jacobian", value_and_grad(f, {x}).grads[0],
            expect["log_abs_det_jacobian_grad_x"], tolerance);
  }
  if (!expect.value("invertible", false)) return;
  const Tensor back = t.inv(y);
  for (std::size_t i = 0; i < x.data().size(); ++i) {
    const Real margin = std::max(Real{1}, std::abs(x.data()[i]));
    const Real allowed = sizeof(Real) == 4 ? Real(1e-3) : Real(1e-9);
    if (!(std::abs(back.data()[i] - x.data()[i]) <= allowed * margin)) {
      throw Mismatch("the inverse of y is not x");
    }
  }
}

}  // namespace golden
