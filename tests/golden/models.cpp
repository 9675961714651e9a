// Kind "model": log joints per site and gradients of the models in models.md.
#include <functional>

#include "model_definitions.hpp"
#include "report.hpp"

namespace golden {

using namespace ember;
namespace h = ember::handlers;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

// A trace of latent sites with these values: what replay takes.
Trace as_trace(const std::vector<std::string>& names, std::span<const Tensor> values) {
  Trace trace;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Site site;
    site.name = Name(names[i]);
    site.value = values[i];
    trace.add(std::move(site));
  }
  return trace;
}

struct Inputs {
  std::vector<std::string> latents, params;
  std::vector<Tensor> values;  // latents first
  std::vector<Constraint> constraints;

  explicit Inputs(const json& test) {
    const json given_latents = test.value("latents", json::object());
    const json given_params = test.value("params", json::object());
    for (const auto& item : given_latents.items()) {
      latents.push_back(item.key());
      values.push_back(tensor(item.value()));
    }
    for (const auto& item : given_params.items()) {
      params.push_back(item.key());
      values.push_back(tensor(item.value()["value"]));
      constraints.push_back(constraint(item.value()["constraint"].get<std::string>()));
    }
  }
  // "positive", "interval(2,30)".
  static Constraint constraint(const std::string& text) {
    const std::size_t open = text.find('(');
    const auto kind = Constraint::kind_of(text.substr(0, open));
    if (!kind) throw Skip{"constraint " + text};
    if (open == std::string::npos) return *kind;
    const std::size_t comma = text.find(',', open);
    return {*kind, std::stod(text.substr(open + 1)), std::stod(text.substr(comma + 1))};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all = latents;
    all.insert(all.end(), params.begin(), params.end());
    return all;
  }
  // At unconstrained values u of the parameters: the constrained ones.
  std::vector<Tensor> constrained(std::span<const Tensor> u) const {
    std::vector<Tensor> at(u.begin(), u.end());
    for (std::size_t k = 0; k < params.size(); ++k) {
      const std::size_t i = latents.size() + k;
      at[i] = transform_to(constraints[k])(u[i]);
    }
    return at;
  }
  std::vector<Tensor> unconstrained() const {
    std::vector<Tensor> u = values;
    for (std::size_t k = 0; k < params.size(); ++k) {
      const std::size_t i = latents.size() + k;
      u[i] = transform_to(constraints[k]).inv(values[i]);
    }
    return u;
  }
};

Values params_of(const Inputs& inputs, std::span<const Tensor> at) {
  Values params;
  for (std::size_t k = 0; k < inputs.params.size(); ++k) {
    params[inputs.params[k]] = at[inputs.latents.size() + k];
  }
  return params;
}

Trace run(const Model& model, const Inputs& inputs, std::span<const Tensor> at) {
  return h::trace(h::replay(h::substitute(model, params_of(inputs, at)),
                            as_trace(inputs.latents, at.first(inputs.latents.size()))))
      .get_trace();
}

// The guide of "elbo_delta": each latent site of the model is Delta of a parameter of its name.
class DeltaSites final : public h::Handler {
 public:
  explicit DeltaSites(Values points) : points_(std::move(points)) {}
  void process(Message& message) override {
    if (message.kind == Message::Kind::plate) return;
    if (message.kind != Message::Kind::sample || message.is_observed) {
      message.stop = true;
      return;
    }
    const auto event_dim = static_cast<Index>(message.distribution.event_shape().rank());
    message.draws_hidden = true;
    message.distribution = dist::Delta(points_.at(message.name.str()), 0.0, event_dim);
  }

 private:
  Values points_;
};

Tensor loss_of(const Model& model, const Inputs& inputs, std::span<const Tensor> at) {
  const auto guide = [&] {
    DeltaSites sites(params_of(inputs, at));
    with inside(sites);
    model();
  };
  with inside(h::substitute(params_of(inputs, at)));
  infer::TraceELBO elbo;
  return -elbo.estimate(model, infer::GuideProgram{guide});
}

using Objective = std::function<Tensor(std::span<const Tensor>)>;

void check_gradients(const json& test, const Inputs& inputs, const Objective& objective,
                     const Tolerance& tolerance) {
  const json& expect = test["expect"];
  const json forms = test.value("grad_form", json::object());
  const std::vector<std::string> names = inputs.names();
  const auto check = [&](const char* key, const Objective& f, const std::vector<Tensor>& at) {
    if (!expect.contains(key)) return;
    const std::vector<Tensor> grads = value_and_grad(f, at).grads;
    for (const auto& item : expect[key].items()) {
      const auto k = std::find(names.begin(), names.end(), item.key()) - names.begin();
      const Tensor& gradient = grads.at(static_cast<std::size_t>(k));
      compare(std::string(key) + " " + item.key(), in_form(gradient, forms.value(item.key(), "")),
              item.value(), tolerance);
    }
  };
  check("grad", objective, inputs.values);
  check(
      "grad_unconstrained",
      [&](std::span<const Tensor> u) { return objective(inputs.constrained(u)); },
      inputs.unconstrained());
}

void check_site(const Site& site, const json& expected, const Tolerance& tolerance) {
  const std::string what = "site " + site.name.str() + " ";
  if (expected.contains("is_observed")) {
    compare(what + "is_observed", site.is_observed ? Real{1} : Real{0},
            expected["is_observed"].get<bool>() ? 1 : 0, {0, false});
  }
  if (expected.contains("type") &&
      (expected["type"] == "param") != (site.kind == SiteKind::param)) {
    throw Mismatch(what + "is " + to_string(site.kind));
  }
  if (expected.contains("kind") && expected["kind"] != to_string(site.kind)) {
    throw Mismatch(what + "is " + to_string(site.kind));
  }
  if (expected.contains("value")) compare(what + "value", site.value, expected["value"], tolerance);
  if (expected.contains("log_prob")) {
    compare(what + "log_prob", site.log_prob(), expected["log_prob"], tolerance);
  }
  if (expected.contains("log_prob_sum")) {
    compare(what + "log_prob_sum", site.log_prob_sum().item(), number(expected["log_prob_sum"]),
            tolerance);
  }
  if (expected.contains("log_prob_column_sums")) {
    compare(what + "columns", sum(site.log_prob(), 0), expected["log_prob_column_sums"], tolerance);
  }
}

void check_trace(const Trace& trace, const json& expect, const Tolerance& tolerance,
                 bool with_params) {
  std::size_t k = 0;
  for (const Site& site : trace) {
    if (site.kind == SiteKind::param && !with_params) continue;
    if (k == expect["sites"].size()) throw Mismatch("more sites than expected");
    const json& expected = expect["sites"][k++];
    if (expected["name"] != site.name.str()) {
      throw Mismatch("site " + site.name.str() + " where " + expected["name"].dump() +
                     " was expected");
    }
    check_site(site, expected, tolerance);
  }
  if (k != expect["sites"].size()) throw Mismatch("fewer sites than expected");
  compare("log_prob_sum", trace.log_prob_sum().item(), number(expect["log_prob_sum"]), tolerance);
}

Values tensors(const json& by_name) {
  Values values;
  for (const auto& item : by_name.items()) values[item.key()] = tensor(item.value());
  return values;
}

h::Priors priors(const json& by_name) {
  h::Priors priors;
  for (const auto& item : by_name.items()) {
    priors[item.key()] = family(item.value()["distribution"], tensors(item.value()["params"]));
  }
  return priors;
}

bool is_listed(const json& types, const Message& m) {
  const char* type = m.kind == Message::Kind::param ? "param"
                     : m.is_observed                ? "observe"
                                                    : "sample";
  return std::find(types.begin(), types.end(), type) != types.end();
}

h::BlockOptions block_options(const json& handler) {
  const auto names = [&](const char* key) {
    return handler.value(key, std::vector<std::string>());
  };
  if (handler.contains("hide_types")) {
    return {.predicate = [types = handler["hide_types"]](const Message& m) {
      return is_listed(types, m);
    }};
  }
  if (handler.contains("expose_types")) {
    return {.predicate = [types = handler["expose_types"]](const Message& m) {
      return !is_listed(types, m);
    }};
  }
  return {.hide = names("hide"), .expose = names("expose")};
}

// The list of a case's handlers around a model, the first one innermost.
Model under_handlers(Model model, const json& handlers) {
  for (const json& handler : handlers) {
    const auto name = handler["handler"].get<std::string>();
    const Values values = tensors(handler.value("values", json::object()));
    if (name == "condition") {
      model = h::condition(model, values);
    } else if (name == "uncondition") {
      model = h::uncondition(model);
    } else if (name == "do") {
      model = h::intervene(model, values);
    } else if (name == "replay") {
      model = h::replay(model, values);
    } else if (name == "substitute") {
      model = h::substitute(model, values);
    } else if (name == "lift") {
      model = h::lift(model, priors(handler["prior"]));
    } else if (name == "block") {
      model = h::block(model, block_options(handler));
    } else if (name == "scale") {
      model = h::scale(model, handler["scale"].get<double>());
    } else if (name == "mask") {
      const json& given = handler["mask"];
      model = h::mask(model, given.is_boolean() ? Mask(given.get<bool>()) : mask(given));
    } else {
      throw Skip{"handler " + name};
    }
  }
  return model;
}

}  // namespace

void check_model(const json& test, const Tolerance& tolerance, const std::string& folder) {
  const auto name = test["model"].get<std::string>();
  const std::string defined_by = name == "elbo_delta" ? test["of"].get<std::string>() : name;
  const auto found = model_definitions().find(defined_by);
  if (found == model_definitions().end()) {
    throw Skip{"model " + (name == defined_by ? name : name + " of " + defined_by)};
  }
  const Inputs inputs(test);
  const Model model = found->second(Data(test, folder));
  const json& expect = test["expect"];
  if (name == "elbo_delta") {
    const Objective loss = [&](std::span<const Tensor> at) { return loss_of(model, inputs, at); };
    compare("loss", loss(inputs.values).item(), number(expect["loss"]), tolerance);
    check_gradients(test, inputs, loss, tolerance);
    return;
  }
  if (name == "handlers") {
    param_store().clear();
    check_trace(h::trace(under_handlers(model, test["handlers"])).get_trace(), expect, tolerance,
                true);
    return;
  }
  check_trace(run(model, inputs, inputs.values), expect, tolerance, false);
  check_gradients(
      test, inputs,
      [&](std::span<const Tensor> at) { return run(model, inputs, at).log_prob_sum(); }, tolerance);
}

}  // namespace golden
