#include <ember/inference/diagnosis.hpp>

#include <exception>

#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/handlers/visible_value.hpp>

namespace ember::inference {
namespace {

// Makes the values of latent sites inputs of the running recording.
class Leaves final : public handlers::Handler {
 public:
  void postprocess(Message& message) override {
    if (message.kind != Message::Kind::sample || message.is_observed) return;
    message.value = detail::Recording::leaf(tensor(message.value.data(), message.value.shape()));
  }
};

// Runs a program at a trace's latents, makes a reverse pass from one site of the trace, and gives
// f(that site, the new trace, parameters). A program may go another way than before.
template <class F>
bool look_at(const Site& wanted, FunctionRef<void()> program, const Trace& trace, F f) {
  const detail::Recording recording;
  detail::ParamLeaves leaves;
  const detail::ParamLeaves::Scope scope(leaves);
  handlers::TraceHandler tracer;
  Leaves inputs;
  handlers::ReplayHandler replay(trace);
  {
    const with inside(inputs, tracer, replay);  // the tracer sees the inputs
    program();
  }
  const Site* site = tracer.get().find(wanted.name);
  if (site == nullptr || !site->has_distribution()) return false;
  detail::Tape::current().backward(site->log_prob_sum().node(), 1);
  return f(*site, tracer.get(), leaves);
}

// The first site of a trace for which look_at gives true.
template <class F>
const Site* search(FunctionRef<void()> program, const Trace& trace, F f) {
  try {
    for (const Site& site : trace) {
      if (site.has_distribution() && look_at(site, program, trace, f)) return &site;
    }
  } catch (const std::exception&) {  // what is to be explained goes first
  }
  return nullptr;
}

bool has_finite_gradient(const Tensor& leaf) { return isfinite(detail::adjoint_of(leaf)).is_all(); }

}  // namespace

const Site* find_bad_gradient(FunctionRef<void()> program, const Trace& trace) {
  return search(program, trace, [](const Site&, const Trace& t, const detail::ParamLeaves& leaves) {
    for (const Site& site : t) {
      if (site.kind == SiteKind::latent && !has_finite_gradient(site.value)) return true;
    }
    for (const auto* leaf : leaves.leaves()) {
      if (!has_finite_gradient(leaf->unconstrained)) return true;
    }
    return false;
  });
}

const Site* find_reader(FunctionRef<void()> model, const Trace& trace, Name latent) {
  return search(model, trace, [&](const Site& site, const Trace& t, const detail::ParamLeaves&) {
    const Site* read = t.find(latent);
    if (site.name == latent || read == nullptr || !read->value.node().has_adjoint) return false;
    return (detail::reach_of(read->value.node()) & !visible_value(*read)).count() > 0;
  });
}

}  // namespace ember::inference
